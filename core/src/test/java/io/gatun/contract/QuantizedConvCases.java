package io.gatun.contract;

import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.QuantizedConvSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

final class QuantizedConvCases extends Family<QuantizedConvSpec> {
    QuantizedConvCases() {
        super(QuantizedConvSpec.class);
    }

    @Override
    List<QuantizedConvSpec> specs(SplittableRandom random) {
        List<ConvSpec> convs = new ArrayList<>();
        for (int size : new int[] {0, 1, 3, 16, 17, 65}) {
            convs.add(ConvSpec.of(size, 4, 3, 3, 5, 3, 1, 1));
            convs.add(ConvSpec.of(1, 4, size, 3, 16, 3, 2, 1));
            convs.add(QuantizedConvSpec.linear(size, 7, 9).conv());
            if (size > 0) {
                convs.add(ConvSpec.of(2, 4, 5, size, 9, 3, 1, 1).withBias());
                convs.add(ConvSpec.of(1, 5, 5, 7, size, 1, 1, 0));
                convs.add(ConvSpec.of(1, 6, 5, size, size, 3, 1, 1).withGroups(size));
                convs.add(QuantizedConvSpec.linear(5, size, 17).withBias().conv());
                convs.add(QuantizedConvSpec.linear(5, 17, size).conv());
            }
        }
        // More terms than floats can add exactly: sums cut into two and more parts, the last one shorter.
        convs.add(QuantizedConvSpec.linear(9, 515, 18).conv());
        convs.add(QuantizedConvSpec.linear(3, 1543, 33).withBias().conv());
        convs.add(ConvSpec.of(2, 5, 6, 64, 20, 3, 1, 1).withBias());
        convs.add(ConvSpec.of(1, 6, 5, 131, 17, 3, 2, 1));
        convs.add(ConvSpec.of(1, 3, 3, 21, 6, 5, 1, 2));
        convs.add(ConvSpec.of(1, 4, 4, 120, 6, 3, 1, 1).withGroups(2).withBias());
        convs.add(ConvSpec.of(2, 7, 8, 6, 4, 3, 1, 0).withPadding(0, 1, 2, 3).withBias());
        convs.add(ConvSpec.of(1, 9, 8, 5, 6, 3, 1, 2).withDilation(2, 3));
        convs.add(ConvSpec.of(2, 7, 8, 32, 64, 3, 2, 1).withGroups(4));
        convs.add(ConvSpec.of(1, 2, 3, 2, 4, 7, 1, 0));
        convs.add(ConvSpec.of(4, 9, 9, 32, 48, 3, 1, 1).withBias().withActivation(Activation.RELU));
        convs.add(ConvSpec.of(1, 5, 6, 9, 17, 3, 1, 1).withActivation(Activation.RELU));
        convs.add(QuantizedConvSpec.linear(33, 70, 40)
                .withBias()
                .withActivation(Activation.RELU)
                .conv());
        return convs.stream().map(QuantizedConvSpec::new).toList();
    }

    /** With scales that are powers of two and biases of their kind nothing rounds. */
    @Override
    boolean exactable(QuantizedConvSpec spec) {
        return true;
    }

    /** All bytes there are, and filters whose sums are far from zero: the largest sums and those that saturate in 16 bits. */
    @Override
    Inputs inputs(QuantizedConvSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, exact, 2, random);
        long filter =
                in.get("weightScales").length == 0 ? 0 : spec.operands().get(3).elements();
        in.put("src", bytes(spec.operands().get(0).elements(), 0, 256, random));
        in.put("weights", bytes(filter, exact ? -100 : -128, 128, random));
        in.put("zeroPoint", pick(random, 0, 7, 128, 255));
        if (exact) {
            // A sum of so many terms stays below 2^24 units, the bias with it.
            double[] scales = in.get("weightScales");
            for (int i = 0; i < scales.length; i++) {
                scales[i] = pick(random, 1, 2);
            }
            in.put("scale", 0.5);
            if (spec.conv().bias()) {
                in.put("bias", Inputs.integers(spec.conv().oc(), 8, random));
            }
        } else {
            in.put("scale", 0.037f);
        }
        return in;
    }

    /** The sums are exact and the rest has one order. */
    @Override
    boolean bitwise() {
        return true;
    }

    private static double[] bytes(long count, int from, int to, SplittableRandom random) {
        double[] values = new double[Math.toIntExact(count)];
        for (int i = 0; i < values.length; i++) {
            // Every fourth the largest or the smallest.
            values[i] = i % 4 != 0 ? random.nextInt(from, to) : random.nextInt(4) == 0 ? from : to - 1;
        }
        return values;
    }

    @Override
    boolean takesSpecials(QuantizedConvSpec spec, String input) {
        return input.equals("scale") || input.equals("weightScales") || input.equals("bias");
    }

    /** Whole sums of one sign, as large as they get: in 16 bits, or in floats without cuts, they would be others. */
    @Override
    Stream<Map.Entry<QuantizedConvSpec, Inputs>> specialCases(SplittableRandom random) {
        return Stream.of(
                        QuantizedConvSpec.linear(4, 1200, 20),
                        new QuantizedConvSpec(ConvSpec.of(1, 4, 4, 150, 16, 3, 1, 1)))
                .flatMap(spec -> Stream.of(-128.0, 127.0).map(weight -> {
                    Inputs in = inputs(spec, true, random).put("zeroPoint", 0);
                    double[] src = in.get("src").clone();
                    java.util.Arrays.fill(src, 255);
                    // One odd byte: the sums need every one of their 26 bits.
                    src[src.length - 1] = 254;
                    double[] weights = in.get("weights").clone();
                    java.util.Arrays.fill(weights, weight);
                    return Map.entry(spec, in.with("src", src).with("weights", weights));
                }));
    }

    @Override
    Map<String, Expected> expected(QuantizedConvSpec spec, Inputs in) {
        return R64QuantizedConv.expected(spec.conv(), in);
    }
}
