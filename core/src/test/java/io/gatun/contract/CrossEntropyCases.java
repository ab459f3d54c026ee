package io.gatun.contract;

import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Reduction;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

final class CrossEntropyCases extends Family<CrossEntropySpec> {
    CrossEntropyCases() {
        super(CrossEntropySpec.class);
    }

    @Override
    List<CrossEntropySpec> specs(SplittableRandom random) {
        List<CrossEntropySpec> specs = new ArrayList<>();
        for (boolean gradient : new boolean[] {false, true}) {
            for (int size : SIZES) {
                specs.add(CrossEntropySpec.of(size, 10, gradient));
                if (size > 0) {
                    specs.add(CrossEntropySpec.of(3, size, gradient));
                }
            }
            specs.add(CrossEntropySpec.of(40, 12, gradient).withIgnoreIndex(3));
            specs.add(CrossEntropySpec.of(40, 5000, gradient).withIgnoreIndex(-1));
            for (int cols : new int[] {1, 7, 33, 2500}) {
                CrossEntropySpec spec = CrossEntropySpec.of(5, cols, gradient);
                specs.add(spec.withWeights().with(cols % 2 == 0 ? Reduction.MEAN : Reduction.NONE));
                specs.add(spec.withSmoothing(0.1f).with(Reduction.NONE));
                specs.add(spec.withSmoothing(0.3f).withWeights());
                specs.add(spec.withProbabilities().with(Reduction.SUM));
                specs.add(spec.withProbabilities().withWeights().withSmoothing(0.2f));
                specs.add(spec.ofLogProbabilities().with(Reduction.SUM));
                specs.add(spec.ofLogProbabilities().withWeights());
            }
            specs.add(CrossEntropySpec.of(600, 70, gradient).withProbabilities());
        }
        return specs;
    }

    @Override
    Inputs inputs(CrossEntropySpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, pick(random, 1, 5, 30), random);
        if (spec.weighted()) {
            in.put("weights", Inputs.rounded(random.doubles(spec.cols(), 0.1, 3).toArray()));
        }
        if (spec.probabilities()) {
            return in.put("targets", shares((int) spec.rows() * spec.cols(), random));
        }
        double[] targets = new double[(int) spec.rows()];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = random.nextInt(5) == 0 ? spec.ignoreIndex() : random.nextInt(spec.cols());
        }
        return in.put("targets", targets);
    }

    /** Between 0 and 1, some 0. */
    private static double[] shares(int count, SplittableRandom random) {
        double[] shares = Inputs.reals(count, 1, random);
        Arrays.setAll(shares, i -> Math.max(0, shares[i] + 0.1f));
        return Inputs.rounded(shares);
    }

    @Override
    boolean takesSpecials(CrossEntropySpec spec, String input) {
        return input.equals("logits");
    }

    /**
     * A certain and right row, where log(softmax) taken naively is 0; a certain and wrong one; no counted row; logits that are
     * further apart than the largest float, of which a class has a small share.
     */
    @Override
    Stream<Map.Entry<CrossEntropySpec, Inputs>> specialCases(SplittableRandom random) {
        CrossEntropySpec spec = CrossEntropySpec.of(4, 21, true);
        double[] logits = Inputs.reals(4 * 21, 1, random);
        logits[2] = 60;
        logits[21 + 3] = 1e4f;
        Arrays.fill(logits, 42, 63, 1e38f);
        Arrays.fill(logits, 63, 84, -50);
        double[] apart = Inputs.reals(4 * 21, 1, random);
        for (int i = 0; i < apart.length; i += 21) {
            apart[i] = 3e38f;
            apart[i + 20] = -3e38f;
        }
        Inputs far = new Inputs(false).put("logits", apart).put("targets", 0, 20, 7, 0);
        double[] shares = new double[21];
        Arrays.fill(shares, 0.1f);
        return Stream.of(
                new SimpleEntry<>(spec.withSmoothing(0.1f).with(Reduction.NONE), far),
                new SimpleEntry<>(spec.withWeights().with(Reduction.NONE), far.with("weights", shares)),
                new SimpleEntry<>(spec, new Inputs(false).put("logits", logits).put("targets", 2, 4, 20, 0)),
                new SimpleEntry<>(spec, new Inputs(false).put("logits", logits).put("targets", 2, -100, -100, -100)),
                new SimpleEntry<>(
                        spec, new Inputs(false).put("logits", logits).put("targets", -100, -100, -100, -100)));
    }

    @Override
    Map<String, Expected> expected(CrossEntropySpec spec, Inputs in) {
        return R64CrossEntropy.expected(spec, in);
    }
}
