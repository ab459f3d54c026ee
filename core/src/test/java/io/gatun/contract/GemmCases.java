package io.gatun.contract;

import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

final class GemmCases extends Family<GemmSpec> {
    private static final Activation[] ACTIVATIONS = {
        Activation.RELU,
        Activation.leakyRelu(0.25f),
        Activation.SIGMOID,
        Activation.TANH,
        Activation.GELU,
        Activation.elu(1.5f)
    };

    GemmCases() {
        super(GemmSpec.class);
    }

    @Override
    List<GemmSpec> specs(SplittableRandom random) {
        List<GemmSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(GemmSpec.of(size, 17, 19));
            specs.add(GemmSpec.of(19, size, 17, true, false));
            specs.add(GemmSpec.of(17, 19, size, false, true));
            specs.add(GemmSpec.of(13, 35, size));
        }
        specs.add(GemmSpec.of(3, 5, 32_768));
        specs.add(GemmSpec.of(130, 150, 140, true, true));
        specs.add(GemmSpec.of(97, 200, 513));
        for (int batch : SIZES) {
            specs.add(GemmSpec.batched(batch, 2, 5, 3, false, false));
        }
        // Up to four vectors with a matrix: along its rows and across them, whole blocks and rests.
        for (int few = 1; few <= 5; few++) {
            specs.add(GemmSpec.of(few, 67, 131, false, true).withBias());
            specs.add(GemmSpec.of(few, 70, 70, true, true).scaled(2, few - 2));
            specs.add(GemmSpec.of(21, few, 161).withActivation(Activation.RELU));
            specs.add(GemmSpec.of(35, few, 96, false, true).withRowStrides(101, 99, few + 3));
            specs.add(GemmSpec.of(few, 64 + 9 * few, 37).withBias());
            specs.add(GemmSpec.of(few, 1025, 5, true, false).scaled(-1, few - 2));
            specs.add(GemmSpec.of(67, few, 39, true, false).withBias().withActivation(Activation.RELU));
            specs.add(GemmSpec.of(600, few, 12, true, true).withRowStrides(603, 15, few + 2));
            specs.add(GemmSpec.batched(3, few, 90, 70, false, few % 2 == 0));
        }
        // Up to 16 vectors along k, with one or two pieces; 17 are too many.
        for (int several : new int[] {5, 8, 10, 15, 16, 17}) {
            specs.add(GemmSpec.of(several, 37, 333, false, true).withBias());
            specs.add(GemmSpec.of(43, several, 400, false, true).scaled(2, several - 8));
            specs.add(GemmSpec.of(61, several, 1057, false, true)
                    .withRowStrides(1063, 1100, several + 3)
                    .withBias()
                    .withActivation(Activation.RELU));
            specs.add(GemmSpec.of(several, 61, 513, false, true).withActivation(Activation.TANH));
            specs.add(GemmSpec.batched(2, several, 19, 321, false, true));
        }
        specs.add(GemmSpec.of(7, 11, 4200, false, true));
        small(specs);
        for (int batch : new int[] {0, 1, 2, 3, 7}) {
            specs.add(GemmSpec.batched(batch, 5, 9, 7, false, true));
            specs.add(GemmSpec.batched(batch, 6, 17, 8, true, false)
                    .withBatchStrides(0, 17 * 8, 6 * 17)
                    .scaled(2, 3));
            specs.add(GemmSpec.batched(batch, 4, 3, 11, false, false).withBatchStrides(4 * 11 + 5, 0, 4 * 3 + 7));
        }
        for (Activation activation : ACTIVATIONS) {
            specs.add(GemmSpec.of(9, 33, 20).withBias().withActivation(activation));
            specs.add(GemmSpec.of(7, 18, 5, false, true).scaled(0.5f, 1).withActivation(activation));
            specs.add(GemmSpec.of(3, 18, 0).withBias().withActivation(activation));
        }
        for (float beta : new float[] {0, 1, -2, 0.5f}) {
            specs.add(GemmSpec.of(8, 31, 0).scaled(3, beta));
            specs.add(GemmSpec.of(8, 31, 16).scaled(-1, beta).withBias());
            specs.add(GemmSpec.of(33, 16, 9, true, true)
                    .withRowStrides(37, 12, 21)
                    .scaled(2, beta));
        }
        for (int i = 0; i < 70; i++) {
            specs.add(sample(random));
        }
        return specs;
    }

    /** Where simd has a kernel of its own: whole and overlapping tiles, rows far apart, problems cut by rows and in batches. */
    private static void small(List<GemmSpec> specs) {
        for (int n = 32; n <= 80; n += 5) {
            boolean turned = n % 2 == 0;
            specs.add(GemmSpec.of(n - 24, n, 12, !turned, turned));
            specs.add(GemmSpec.of(n - 19, n, 9, turned, n % 4 == 1).scaled(2, 1).withBias());
        }
        specs.add(GemmSpec.of(64, 64, 64));
        specs.add(GemmSpec.of(67, 83, 65, false, true));
        specs.add(GemmSpec.of(131, 65, 67).withBias().withActivation(Activation.TANH));
        specs.add(GemmSpec.of(8, 257, 384, true, false).scaled(1, 1));
        specs.add(GemmSpec.of(8, 40, 385));
        specs.add(GemmSpec.of(37, 41, 53).withRowStrides(61, 403, 47).withActivation(Activation.RELU));
        specs.add(GemmSpec.of(9, 33, 53, true, false).withRowStrides(11, 403, 33));
        for (int batch : new int[] {2, 5, 34}) {
            specs.add(GemmSpec.batched(batch, 37, 41, 33, false, false));
            specs.add(GemmSpec.batched(batch, 24, 48, 17, batch == 5, true)
                    .withBias()
                    .withActivation(Activation.GELU));
            specs.add(GemmSpec.batched(batch, 9, 36, 8, false, batch == 2)
                    .withBatchStrides(9 * 8 + 3, 0, 9 * 36 + 5)
                    .scaled(-1, 2));
            specs.add(GemmSpec.batched(batch, 10, 33, 6, true, true).withBatchStrides(0, 33 * 6, 10 * 33));
        }
    }

    private static GemmSpec sample(SplittableRandom random) {
        int m = random.nextInt(1, 70);
        int n = random.nextInt(1, 100);
        int k = random.nextInt(1, 90);
        boolean ta = random.nextBoolean();
        boolean tb = random.nextBoolean();
        GemmSpec spec = GemmSpec.batched(pick(random, 1, 1, 1, 3), m, n, k, ta, tb);
        if (random.nextInt(3) == 0) {
            spec = spec.withRowStrides(
                    (ta ? m : k) + random.nextInt(9), (tb ? k : n) + random.nextInt(9), n + random.nextInt(9));
        }
        spec = spec.scaled(pick(random, 1, 1, -2), pick(random, 0, 0, 1, 3));
        spec = random.nextBoolean() ? spec.withBias() : spec;
        return random.nextInt(3) == 0 ? spec.withActivation(ACTIVATIONS[random.nextInt(ACTIVATIONS.length)]) : spec;
    }

    @Override
    boolean exactable(GemmSpec spec) {
        return switch (spec.activation().kind()) {
            case IDENTITY, RELU -> true;
            default -> false;
        };
    }

    @Override
    Inputs inputs(GemmSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, exact, exact ? exactMagnitude(spec.k()) : 2, random);
        if (spec.beta() == 0 && in.has("c")) {
            // C is passed through in its gaps but must not be read inside: NaN there would show.
            double[] c = in.get("c");
            for (int b = 0; b < spec.batch(); b++) {
                for (int i = 0; i < spec.m(); i++) {
                    for (int j = 0; j < spec.n(); j++) {
                        c[(int) (b * spec.strideC() + (long) i * spec.ldc() + j)] = Double.NaN;
                    }
                }
            }
        }
        return in;
    }

    @Override
    boolean takesSpecials(GemmSpec spec, String input) {
        return !input.equals("c") || spec.beta() != 0;
    }

    /** Each special value into the sum under each activation: what is right for sums alone may be lost there. */
    @Override
    Stream<Map.Entry<GemmSpec, Inputs>> specialCases(SplittableRandom random) {
        return Arrays.stream(ACTIVATIONS).flatMap(activation -> {
            GemmSpec spec = GemmSpec.of(5, 18, 7).withBias().withActivation(activation);
            Inputs in = inputs(spec, false, random);
            return Arrays.stream(SpecialValues.ALL)
                    .boxed()
                    .flatMap(special -> Stream.of(
                            Map.entry(spec, in.with("a", 9, special)), Map.entry(spec, in.with("bias", 17, special))));
        });
    }

    @Override
    Map<String, Expected> expected(GemmSpec spec, Inputs in) {
        return R64Gemm.expected(spec, in);
    }
}
