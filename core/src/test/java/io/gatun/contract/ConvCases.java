package io.gatun.contract;

import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

final class ConvCases extends Family<ConvSpec> {
    ConvCases() {
        super(ConvSpec.class);
    }

    @Override
    List<ConvSpec> specs(SplittableRandom random) {
        List<ConvSpec> forward = new ArrayList<>();
        for (int size : SIZES) {
            forward.add(ConvSpec.of(size, 4, 3, 3, 5, 3, 1, 1));
            forward.add(ConvSpec.of(1, size, 5, 4, 8, 3, 1, 1));
            forward.add(ConvSpec.of(1, 4, size, 3, 16, 3, 2, 1));
            forward.add(line(2, size, 3, 5, 3, 1));
            if (size > 0) {
                forward.add(ConvSpec.of(2, 4, 5, size, 9, 3, 1, 1));
                forward.add(ConvSpec.of(2, 4, 5, 7, size, 3, 1, 1).withBias());
                forward.add(ConvSpec.of(1, 5, 5, size, 16, 1, 1, 0));
                forward.add(ConvSpec.of(1, 6, 5, size, size, 3, 1, 1).withGroups(size));
            }
        }
        for (int kernel : new int[] {1, 2, 3, 5, 7, 11}) {
            forward.add(line(1, 33, 4, 6, kernel, 1 + kernel % 3));
        }
        forward.add(ConvSpec.of(1, 3, 4, 127, 129, 1, 1, 0));
        forward.add(ConvSpec.of(1, 3, 3, 257, 64, 3, 1, 1));
        for (int kernel : new int[] {1, 2, 3, 5, 7, 11}) {
            for (int stride = 1; stride <= 4; stride++) {
                forward.add(ConvSpec.of(1, 12, 13, 2, 4, kernel, stride, kernel / 2));
            }
            for (int padding = 0; padding <= kernel; padding += Math.max(1, kernel / 2)) {
                forward.add(ConvSpec.of(1, 6, 5, 3, 4, kernel, 1, padding));
            }
        }
        for (int dilation = 2; dilation <= 4; dilation++) {
            forward.add(ConvSpec.of(1, 12, 11, 3, 4, 3, 1, 2).withDilation(dilation, 1));
            forward.add(ConvSpec.of(1, 12, 11, 3, 16, 3, 2, 1).withDilation(dilation, dilation));
        }
        forward.add(ConvSpec.of(2, 7, 8, 6, 4, 3, 1, 0).withPadding(0, 1, 2, 3).withBias());
        forward.add(ConvSpec.of(2, 7, 8, 4, 6, 5, 2, 0).withPadding(3, 0, 1, 2));
        forward.add(ConvSpec.of(1, 2, 3, 2, 4, 7, 1, 0));
        forward.add(ConvSpec.of(2, 7, 8, 8, 12, 3, 1, 1).withGroups(2).withBias());
        forward.add(ConvSpec.of(2, 7, 8, 32, 64, 3, 2, 1).withGroups(4));
        forward.add(ConvSpec.of(1, 9, 9, 16, 32, 3, 1, 1).withGroups(16));
        // Depthwise: rows of eight, four and single columns, borders on each side, parts of a vector of channels.
        forward.add(ConvSpec.of(2, 9, 27, 16, 16, 3, 1, 1).withGroups(16).withBias());
        forward.add(ConvSpec.of(1, 11, 26, 35, 35, 3, 2, 1).withGroups(35).withBias());
        forward.add(ConvSpec.of(1, 14, 23, 18, 18, 5, 1, 2).withGroups(18));
        forward.add(ConvSpec.of(1, 10, 21, 17, 17, 7, 3, 0).withGroups(17).withPadding(2, 5, 1, 0));
        forward.add(ConvSpec.of(2, 12, 19, 24, 24, 3, 1, 2).withGroups(24).withDilation(2, 2));
        forward.add(ConvSpec.of(1, 9, 20, 20, 20, 2, 3, 0).withGroups(20).withDilation(1, 2));
        forward.add(ConvSpec.of(1, 3, 2, 16, 16, 11, 1, 5).withGroups(16));
        forward.add(ConvSpec.of(2, 6, 17, 16, 32, 3, 1, 1).withGroups(16));
        // Enough tiles of 4x4 pixels for Winograd's algorithm: whole and cut ones, bands, blocks of channels.
        forward.add(ConvSpec.of(8, 8, 8, 32, 48, 3, 1, 1));
        forward.add(ConvSpec.of(5, 11, 13, 48, 32, 3, 1, 1));
        forward.add(ConvSpec.of(1, 33, 38, 16, 32, 3, 1, 0).withPadding(2, 0, 1, 2));
        forward.add(ConvSpec.of(33, 4, 4, 64, 16, 3, 1, 1).withBias());
        forward.add(ConvSpec.of(4, 12, 12, 16, 16, 3, 1, 0)
                .withPadding(0, 3, 2, 0)
                .withBias()
                .withActivation(Activation.RELU));
        forward.add(ConvSpec.of(2, 17, 15, 128, 256, 3, 1, 1));
        for (Activation activation :
                new Activation[] {Activation.RELU, Activation.leakyRelu(0.25f), Activation.SIGMOID, Activation.TANH}) {
            forward.add(ConvSpec.of(1, 5, 6, 9, 17, 3, 1, 1).withBias().withActivation(activation));
            forward.add(ConvSpec.of(1, 5, 11, 19, 19, 3, 1, 1)
                    .withGroups(19)
                    .withBias()
                    .withActivation(activation));
        }
        for (int i = 0; i < 40; i++) {
            forward.add(sample(random));
        }
        List<ConvSpec> specs = new ArrayList<>();
        for (ConvSpec spec : forward) {
            for (ConvSpec.Direction direction : ConvSpec.Direction.values()) {
                if (direction == ConvSpec.Direction.FORWARD || spec.activation().equals(Activation.IDENTITY)) {
                    specs.add(spec.with(direction));
                }
            }
        }
        return specs;
    }

    /** A convolution in one dimension: an image of one row. */
    private static ConvSpec line(int n, int w, int ic, int oc, int kernel, int stride) {
        return new ConvSpec(
                ConvSpec.Direction.FORWARD,
                n,
                1,
                w,
                ic,
                oc,
                1,
                kernel,
                1,
                stride,
                1,
                1,
                0,
                kernel / 2,
                0,
                kernel / 2,
                1,
                false,
                Activation.IDENTITY);
    }

    private static ConvSpec sample(SplittableRandom random) {
        int groups = pick(random, 1, 1, 1, 2, 3);
        ConvSpec spec = new ConvSpec(
                ConvSpec.Direction.FORWARD,
                random.nextInt(1, 4),
                random.nextInt(1, 14),
                random.nextInt(1, 14),
                groups * random.nextInt(1, 20),
                groups * random.nextInt(1, 20),
                random.nextInt(1, 5),
                random.nextInt(1, 5),
                random.nextInt(1, 4),
                random.nextInt(1, 4),
                random.nextInt(1, 3),
                random.nextInt(1, 3),
                random.nextInt(4),
                random.nextInt(4),
                random.nextInt(4),
                random.nextInt(4),
                groups,
                random.nextBoolean(),
                Activation.IDENTITY);
        return spec;
    }

    @Override
    boolean exactable(ConvSpec spec) {
        return spec.activation().equals(Activation.IDENTITY)
                || spec.activation().equals(Activation.RELU);
    }

    @Override
    Inputs inputs(ConvSpec spec, boolean exact, SplittableRandom random) {
        long terms =
                switch (spec.direction()) {
                    case FORWARD -> (long) spec.kh() * spec.kw() * spec.ic();
                    case BACKWARD_DATA -> (long) spec.kh() * spec.kw() * spec.oc();
                    case BACKWARD_WEIGHTS -> (long) spec.n() * spec.oh() * spec.ow();
                };
        return Inputs.random(spec, exact, exact ? exactMagnitude(terms) : 2, random);
    }

    /**
     * A kernel may multiply the zeros of the padding with a NaN of the factor that slides over them, so into that one
     * specials only go where there is no padding. Backward data is padded at its border whatever the spec says (oneDNN's
     * strided one does that), unless the filter is 1x1.
     */
    @Override
    boolean takesSpecials(ConvSpec spec, String input) {
        boolean padded = spec.ph() > 0 || spec.pw() > 0 || spec.pb() > 0 || spec.pr() > 0;
        return switch (spec.direction()) {
            case FORWARD -> !padded || !input.equals("weights");
            case BACKWARD_DATA -> input.equals("diffDst") || !padded && spec.kh() * spec.kw() == 1;
            case BACKWARD_WEIGHTS -> !padded || input.equals("src");
        };
    }

    /** A NaN in each input of each direction. */
    @Override
    Stream<Map.Entry<ConvSpec, Inputs>> specialCases(SplittableRandom random) {
        List<ConvSpec> forward = List.of(
                ConvSpec.of(2, 6, 7, 5, 9, 3, 1, 0).withBias(),
                ConvSpec.of(1, 7, 7, 16, 17, 3, 2, 0),
                ConvSpec.of(2, 3, 4, 16, 8, 1, 1, 0),
                ConvSpec.of(2, 6, 7, 5, 17, 3, 1, 1).withBias(),
                ConvSpec.of(1, 7, 6, 16, 16, 3, 2, 1).withGroups(16),
                ConvSpec.of(1, 7, 6, 3, 16, 3, 1, 0).withDilation(2, 1),
                ConvSpec.of(1, 5, 6, 8, 12, 3, 1, 0).withGroups(2),
                ConvSpec.of(1, 5, 6, 16, 16, 3, 1, 0).withGroups(16),
                ConvSpec.of(2, 4, 5, 8, 8, 3, 1, 0).withBias().withActivation(Activation.RELU));
        List<Map.Entry<ConvSpec, Inputs>> cases = new ArrayList<>();
        for (ConvSpec one : forward) {
            for (ConvSpec.Direction direction : ConvSpec.Direction.values()) {
                ConvSpec spec = one.with(direction);
                Inputs in = inputs(spec, false, random);
                in.all().forEach((name, values) -> {
                    if (!takesSpecials(spec, name)) {
                        return;
                    }
                    cases.add(Map.entry(spec, in.with(name, random.nextInt(values.length), Double.NaN)));
                    cases.add(Map.entry(spec, in.with(name, values.length - 1, Double.NaN)));
                });
            }
        }
        for (Activation activation : ActivationCases.FUSED) {
            ConvSpec spec = ConvSpec.of(2, 4, 5, 8, 8, 3, 1, 0).withBias().withActivation(activation);
            Inputs in = inputs(spec, false, random);
            for (double special : SpecialValues.ALL) {
                cases.add(Map.entry(spec, in.with("src", 100, special)));
                cases.add(Map.entry(spec, in.with("bias", 7, special)));
            }
        }
        return cases.stream();
    }

    @Override
    Map<String, Expected> expected(ConvSpec spec, Inputs in) {
        return R64Conv.expected(spec, in);
    }
}
