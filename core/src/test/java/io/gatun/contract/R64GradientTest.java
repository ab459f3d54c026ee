package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.CopySpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Dims;
import io.gatun.spec.Direction;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LossSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.Reduction;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.SoftmaxSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The oracles' backward against central differences of their forward: the full Jacobian, an output at a time, where it
 * has at most 2,000 elements, else along 8 random directions. What activations and maxima see stays 1e-2 away from kinks.
 */
class R64GradientTest {
    private static final double EPS = 1e-6;

    private static final int FULL = 2_000;

    private static final int DIRECTIONS = 8;

    private final SplittableRandom random = new SplittableRandom(7);

    /** What a forward oracle gives. */
    private interface Forward extends Function<Inputs, Map<String, Expected>> {}

    /** The gradients, under the names of the inputs, for the cotangents of the outputs. */
    private interface Backward extends Function<Map<String, double[]>, Map<String, double[]>> {}

    private double[] reals(int count) {
        return Inputs.reals(count, 1, random);
    }

    /** Values at least 1e-2 away from 0 and from each other, in random order. */
    private double[] distinct(int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            int j = random.nextInt(i + 1);
            values[i] = values[j];
            values[j] = (i - count / 2 + 0.5) * 0.03;
        }
        return values;
    }

    /** All inputs that backward has a gradient for, through all outputs that it takes a cotangent of. */
    private void check(Forward forward, Inputs in, List<String> outputs, Backward backward) {
        Map<String, double[]> values = only(forward.apply(in), outputs);
        Map<String, double[]> zeros = zeros(values);
        Set<String> inputs = backward.apply(zeros).keySet();
        int size = values.values().stream().mapToInt(v -> v.length).sum()
                * inputs.stream().mapToInt(name -> in.get(name).length).sum();
        assertThat(size).isPositive();
        if (size > FULL) {
            for (int i = 0; i < DIRECTIONS; i++) {
                alongADirection(forward, in, outputs, backward, inputs);
            }
            return;
        }
        for (String output : outputs) {
            for (int j = 0; j < values.get(output).length; j++) {
                zeros.get(output)[j] = 1;
                Map<String, double[]> row = backward.apply(zeros);
                zeros.get(output)[j] = 0;
                for (String input : inputs) {
                    int at = j;
                    double[] x = in.get(input);
                    for (int i = 0; i < x.length; i++) {
                        double up = forward.apply(in.with(input, i, x[i] + EPS))
                                .get(output)
                                .value()[at];
                        double down = forward.apply(in.with(input, i, x[i] - EPS))
                                .get(output)
                                .value()[at];
                        same(
                                output + "[" + j + "] by " + input + "[" + i + "]",
                                (up - down) / (2 * EPS),
                                row.get(input)[i]);
                    }
                }
            }
        }
    }

    private void alongADirection(
            Forward forward, Inputs in, List<String> outputs, Backward backward, Set<String> inputs) {
        Map<String, double[]> cotangents = new TreeMap<>();
        only(forward.apply(in), outputs).forEach((name, of) -> cotangents.put(name, reals(of.length)));
        Map<String, double[]> gradients = backward.apply(cotangents);
        Inputs up = in;
        Inputs down = in;
        double analytic = 0;
        for (String input : inputs) {
            double[] x = in.get(input);
            double[] direction = reals(x.length);
            double[] more = x.clone();
            double[] less = x.clone();
            for (int i = 0; i < x.length; i++) {
                more[i] += EPS * direction[i];
                less[i] -= EPS * direction[i];
                analytic += gradients.get(input)[i] * direction[i];
            }
            up = up.with(input, more);
            down = down.with(input, less);
        }
        double numeric = (loss(forward.apply(up), cotangents) - loss(forward.apply(down), cotangents)) / (2 * EPS);
        same("along a direction of " + inputs, numeric, analytic);
    }

    private static void same(String what, double numeric, double analytic) {
        if (!(Math.abs(numeric - analytic) <= 1e-5 + 1e-3 * Math.abs(numeric))) {
            throw new AssertionError(what + ": central difference " + numeric + ", backward " + analytic);
        }
    }

    private static Map<String, double[]> only(Map<String, Expected> outputs, List<String> names) {
        Map<String, double[]> values = new TreeMap<>();
        names.forEach(name -> values.put(name, outputs.get(name).value()));
        return values;
    }

    private static Map<String, double[]> zeros(Map<String, double[]> like) {
        Map<String, double[]> zeros = new TreeMap<>();
        like.forEach((name, of) -> zeros.put(name, new double[of.length]));
        return zeros;
    }

    private static double loss(Map<String, Expected> outputs, Map<String, double[]> cotangents) {
        double sum = 0;
        for (Map.Entry<String, double[]> cotangent : cotangents.entrySet()) {
            double[] output = outputs.get(cotangent.getKey()).value();
            for (int i = 0; i < output.length; i++) {
                sum += output[i] * cotangent.getValue()[i];
            }
        }
        return sum;
    }

    static List<Activation> activations() {
        return ActivationCases.ALL;
    }

    @ParameterizedTest
    @MethodSource("activations")
    void activation(Activation activation) {
        ActivationSpec spec = new ActivationSpec(Direction.FORWARD, activation, 40);
        boolean positive = activation.kind() == Activation.Kind.LOG || activation.kind() == Activation.Kind.SQRT;
        double[] src = distinct(40);
        Inputs in = new Inputs(false)
                .put("src", positive ? Arrays.stream(src).map(Math::abs).toArray() : src);
        String saved = activation.kind().usesOutput() ? "dst" : "src";
        double[] kept = saved.equals("src")
                ? in.get("src")
                : R64Activation.expected(spec, in).get("dst").value();
        ActivationSpec backward = new ActivationSpec(Direction.BACKWARD, activation, 40);
        check(i -> R64Activation.expected(spec, i), in, List.of("dst"), g -> {
            Inputs back = new Inputs(false).put(saved, kept).put("diffDst", g.get("dst"));
            return Map.of(
                    "src", R64Activation.expected(backward, back).get("diffSrc").value());
        });
    }

    /** dA = dC Bᵀ and dB = Aᵀ dC are themselves products. */
    @Test
    void gemm() {
        Inputs in = new Inputs(false).put("a", reals(4 * 5)).put("b", reals(5 * 3));
        check(i -> R64Gemm.expected(GemmSpec.of(4, 3, 5), i), in, List.of("c"), g -> {
            Inputs forA = new Inputs(false).put("a", g.get("c")).put("b", in.get("b"));
            Inputs forB = new Inputs(false).put("a", in.get("a")).put("b", g.get("c"));
            return Map.of(
                    "a",
                    R64Gemm.expected(GemmSpec.of(4, 5, 3, false, true), forA)
                            .get("c")
                            .value(),
                    "b",
                    R64Gemm.expected(GemmSpec.of(5, 3, 4, true, false), forB)
                            .get("c")
                            .value());
        });
    }

    @Test
    void conv() {
        for (ConvSpec spec : new ConvSpec[] {
            ConvSpec.of(1, 3, 4, 2, 1, 2, 1, 0).withBias(),
            ConvSpec.of(2, 4, 5, 2, 3, 3, 1, 1).withBias(),
            ConvSpec.of(1, 7, 6, 4, 2, 3, 2, 0)
                    .withGroups(2)
                    .withDilation(2, 1)
                    .withPadding(1, 2, 0, 1)
                    .withBias()
        }) {
            Inputs in = Inputs.random(spec, false, 1, random);
            check(i -> R64Conv.expected(spec, i), in, List.of("dst"), g -> {
                Inputs back = in.with("diffDst", g.get("dst"));
                Map<String, Expected> weights = R64Conv.expected(spec.with(ConvSpec.Direction.BACKWARD_WEIGHTS), back);
                return Map.of(
                        "src",
                        R64Conv.expected(data(spec), back).get("diffSrc").value(),
                        "weights",
                        weights.get("diffWeights").value(),
                        "bias",
                        weights.get("diffBias").value());
            });
        }
    }

    private static ConvSpec data(ConvSpec spec) {
        return spec.with(ConvSpec.Direction.BACKWARD_DATA);
    }

    @ParameterizedTest
    @EnumSource
    void pool(PoolSpec.Op op) {
        PoolSpec spec = new PoolSpec(Direction.FORWARD, op, 2, 5, 4, 2, 3, 2, 2, 1, 1, 0, 0, 1, true);
        Inputs in = new Inputs(false).put("src", distinct(2 * 5 * 4 * 2));
        Map<String, Expected> out = R64Pool.expected(spec, in);
        check(i -> R64Pool.expected(spec, i), in, List.of("dst"), g -> {
            Inputs back = new Inputs(false).put("diffDst", g.get("dst"));
            if (op == PoolSpec.Op.MAX) {
                back.put("indices", out.get("indices").value());
            }
            return Map.of(
                    "src",
                    R64Pool.expected(spec.with(Direction.BACKWARD), back)
                            .get("diffSrc")
                            .value());
        });
    }

    @Test
    void batchNorm() {
        for (int flags = 0; flags < 8; flags++) {
            int rows = (flags & 4) != 0 ? 40 : 6;
            BatchNormSpec spec = BatchNormSpec.training(rows, 3, (flags & 1) != 0, (flags & 2) != 0);
            Inputs in = Inputs.random(spec, false, 1, random).put("runningVar", 1, 1, 1);
            Map<String, Expected> out = R64BatchNorm.expected(spec, in);
            check(i -> R64BatchNorm.expected(spec, i), in, List.of("dst"), g -> {
                Inputs back = new Inputs(false).put("diffDst", g.get("dst"));
                for (String name : new String[] {"src", "gamma"}) {
                    back.put(name, in.get(name));
                }
                for (String name : new String[] {"dst", "mean", "invStd"}) {
                    back.put(name, out.get(name).value());
                }
                Map<String, Expected> gradients = R64BatchNorm.expected(spec.with(Pass.BACKWARD), back);
                Map<String, double[]> byInput = new TreeMap<>(Map.of(
                        "src", gradients.get("diffSrc").value(),
                        "gamma", gradients.get("diffGamma").value(),
                        "beta", gradients.get("diffBeta").value()));
                if (spec.residual()) {
                    byInput.put("residual", gradients.get("diffResidual").value());
                }
                return byInput;
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void adaptivePool(AdaptivePoolSpec.Op op) {
        for (int[] out : new int[][] {{3, 2}, {4, 7}}) {
            AdaptivePoolSpec spec = new AdaptivePoolSpec(Direction.FORWARD, op, 2, 5, 4, 2, out[0], out[1]);
            Inputs in = new Inputs(false).put("src", distinct(80));
            Map<String, Expected> forward = R64AdaptivePool.expected(spec, in);
            check(i -> R64AdaptivePool.expected(spec, i), in, List.of("dst"), g -> {
                Inputs back = new Inputs(false).put("diffDst", g.get("dst"));
                if (op == AdaptivePoolSpec.Op.MAX) {
                    back.put("indices", forward.get("indices").value());
                }
                return Map.of(
                        "src",
                        R64AdaptivePool.expected(spec.with(Direction.BACKWARD), back)
                                .get("diffSrc")
                                .value());
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"4, 1, 6, 1", "2, 3, 4, 2", "2, 5, 3, 3", "40, 1, 30, 1"})
    void groupNorm(int n, int hw, int c, int groups) {
        for (boolean affine : new boolean[] {false, true}) {
            GroupNormSpec spec = new GroupNormSpec(Pass.TRAINING, n, hw, c, groups, 1e-3f, affine);
            Inputs in = Inputs.random(spec, false, 1, random);
            Map<String, Expected> out = R64GroupNorm.expected(spec, in);
            check(i -> R64GroupNorm.expected(spec, i), in, List.of("dst"), g -> {
                Inputs back = new Inputs(false).put("diffDst", g.get("dst")).put("src", in.get("src"));
                if (affine) {
                    back.put("gamma", in.get("gamma"));
                }
                for (String name : new String[] {"mean", "invStd"}) {
                    back.put(name, out.get(name).value());
                }
                Map<String, Expected> gradients = R64GroupNorm.expected(spec.with(Pass.BACKWARD), back);
                Map<String, double[]> byInput =
                        new TreeMap<>(Map.of("src", gradients.get("diffSrc").value()));
                if (affine) {
                    byInput.put("gamma", gradients.get("diffGamma").value());
                    byInput.put("beta", gradients.get("diffBeta").value());
                }
                return byInput;
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void softmax(SoftmaxSpec.Op op) {
        SoftmaxSpec spec = new SoftmaxSpec(Direction.FORWARD, op, 3, 6);
        Inputs in = new Inputs(false).put("src", reals(18));
        double[] y = R64Softmax.expected(spec, in).get("dst").value();
        check(i -> R64Softmax.expected(spec, i), in, List.of("dst"), g -> {
            Inputs back = new Inputs(false).put("dst", y).put("diffDst", g.get("dst"));
            return Map.of(
                    "src",
                    R64Softmax.expected(spec.with(Direction.BACKWARD), back)
                            .get("diffSrc")
                            .value());
        });
    }

    static List<CrossEntropySpec> crossEntropies() {
        CrossEntropySpec spec = CrossEntropySpec.of(5, 6, true);
        return List.of(
                spec,
                spec.withWeights(),
                spec.withWeights().withSmoothing(0.2f),
                spec.withProbabilities().withSmoothing(0.1f),
                spec.ofLogProbabilities().withWeights());
    }

    @ParameterizedTest
    @MethodSource("crossEntropies")
    void crossEntropy(CrossEntropySpec spec) {
        Inputs in = new Inputs(false)
                .put("logits", reals(30))
                .put("weights", 1, 2, 0.5, 3, 0, 1)
                .put("targets", 0, 5, -100, 2, 2);
        if (spec.probabilities()) {
            in.put("targets", Arrays.stream(reals(30)).map(Math::abs).toArray());
        }
        double[] diffLogits =
                R64CrossEntropy.expected(spec, in).get("diffLogits").value();
        check(
                i -> R64CrossEntropy.expected(spec, i),
                in,
                List.of("loss"),
                g -> Map.of(
                        "logits",
                        Arrays.stream(diffLogits).map(d -> d * g.get("loss")[0]).toArray()));
    }

    @ParameterizedTest
    @EnumSource
    void loss(LossSpec.Kind kind) {
        LossSpec spec = LossSpec.of(kind, Reduction.NONE, 30, true);
        Inputs in = new Inputs(false)
                .put("prediction", kind == LossSpec.Kind.HINGE ? plus(distinct(30), 1) : plus(distinct(30), 0.5))
                .put(
                        "target",
                        kind == LossSpec.Kind.SOFT_MARGIN || kind == LossSpec.Kind.HINGE ? ones(30) : halves(30));
        double[] slopes = R64Loss.expected(spec, in).get("diffPrediction").value();
        check(i -> R64Loss.expected(spec, i), in, List.of("loss"), g -> {
            double[] gradient = slopes.clone();
            Arrays.setAll(gradient, i -> slopes[i] * g.get("loss")[i]);
            return Map.of("prediction", gradient);
        });
    }

    private static double[] plus(double[] values, double offset) {
        return Arrays.stream(values).map(v -> v + offset).toArray();
    }

    private static double[] ones(int count) {
        return plus(new double[count], 1);
    }

    private static double[] halves(int count) {
        return plus(new double[count], 0.5);
    }

    @Test
    void embedding() {
        EmbeddingSpec spec = new EmbeddingSpec(Direction.FORWARD, 4, 3, 6);
        Inputs in = new Inputs(false).put("indices", 1, 3, 1, 0, 3, 3).put("table", reals(12));
        check(i -> R64Embedding.expected(spec, i), in, List.of("dst"), g -> {
            Inputs back = in.with("diffDst", g.get("dst")).put("diffTable", new double[12]);
            return Map.of(
                    "table",
                    R64Embedding.expected(spec.with(Direction.BACKWARD), back)
                            .get("diffTable")
                            .value());
        });
    }

    /** The inverse order takes the gradient back. */
    @Test
    void permute() {
        PermuteSpec spec = new PermuteSpec(Dims.of(2, 3, 4), Dims.of(2, 0, 1));
        PermuteSpec inverse = new PermuteSpec(Dims.of(4, 2, 3), Dims.of(1, 2, 0));
        Inputs in = new Inputs(false).put("src", reals(24));
        check(
                i -> R64Permute.expected(spec, i),
                in,
                List.of("dst"),
                g -> Map.of(
                        "src",
                        R64Permute.expected(inverse, new Inputs(false).put("src", g.get("dst")))
                                .get("dst")
                                .value()));
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void prelu(boolean one) {
        PReluSpec spec = new PReluSpec(Direction.FORWARD, 6, 5, one);
        Inputs in = new Inputs(false).put("src", distinct(30)).put("slope", reals(spec.slopes()));
        check(i -> R64PRelu.expected(spec, i), in, List.of("dst"), g -> {
            Map<String, Expected> back =
                    R64PRelu.expected(spec.with(Direction.BACKWARD), in.with("diffDst", g.get("dst")));
            return Map.of(
                    "src",
                    back.get("diffSrc").value(),
                    "slope",
                    back.get("diffSlope").value());
        });
    }

    /** The way back, added to zeros. */
    @Test
    void copy() {
        CopySpec spec = new CopySpec(false, Dims.of(3, 4), Dims.of(6, 1), Dims.of(4, 1));
        Inputs in = new Inputs(false).put("src", reals(16));
        check(
                i -> R64Copy.expected(spec, i),
                in,
                List.of("dst"),
                g -> Map.of(
                        "src",
                        R64Copy.expected(
                                        spec.reversed(true),
                                        new Inputs(false)
                                                .put("src", g.get("dst"))
                                                .put("dst", new double[16]))
                                .get("dst")
                                .value()));
    }

    @Test
    void dropoutIsItsOwnBackward() {
        DropoutSpec spec = new DropoutSpec(30, 0.4f);
        Inputs in = new Inputs(false).put("src", reals(30)).putLongs("rng", 1L << 40 | 3, 2, 1);
        check(
                i -> R64Dropout.expected(spec, i),
                in,
                List.of("dst"),
                g -> Map.of(
                        "src",
                        R64Dropout.expected(spec, in.with("src", g.get("dst")))
                                .get("dst")
                                .value()));
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 1, 2", "4, 2, 3, 5", "30, 1, 2, 3"})
    void lstm(int t, int b, int i, int h) {
        LstmSpec spec = new LstmSpec(Pass.TRAINING, t, b, i, h);
        Inputs in = Inputs.random(spec, false, 1, random);
        Map<String, String> names = Map.of(
                "src", "diffSrc",
                "h0", "diffH0",
                "c0", "diffC0",
                "weightsIh", "diffWeightsIh",
                "weightsHh", "diffWeightsHh",
                "bias", "diffBias");
        check(x -> R64Lstm.expected(spec, x), in, List.of("dst", "hn", "cn"), g -> {
            Inputs back =
                    in.with("diffDst", g.get("dst")).put("diffHn", g.get("hn")).put("diffCn", g.get("cn"));
            Map<String, Expected> gradients = R64Lstm.expected(spec.with(Pass.BACKWARD), back);
            Map<String, double[]> byInput = new TreeMap<>();
            names.forEach(
                    (input, name) -> byInput.put(input, gradients.get(name).value()));
            return byInput;
        });
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 1, 2", "4, 2, 3, 5", "30, 1, 2, 3"})
    void gru(int t, int b, int i, int h) {
        GruSpec spec = new GruSpec(Pass.TRAINING, t, b, i, h);
        Inputs in = Inputs.random(spec, false, 1, random);
        check(
                x -> R64Gru.expected(spec, x),
                in,
                List.of("dst", "hn"),
                g -> twoBiases(in, g, back -> R64Gru.expected(spec.with(Pass.BACKWARD), back)));
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 1, 2", "4, 2, 3, 5", "30, 1, 2, 3"})
    void rnn(int t, int b, int i, int h) {
        RnnSpec spec = new RnnSpec(Pass.TRAINING, Activation.TANH, t, b, i, h);
        Inputs in = Inputs.random(spec, false, 1, random);
        check(
                x -> R64Rnn.expected(spec, x),
                in,
                List.of("dst", "hn"),
                g -> twoBiases(in, g, back -> R64Rnn.expected(spec.with(Pass.BACKWARD), back)));
    }

    /** The biases keep the sums of ReLU away from its kink. */
    @Test
    void rnnOfRelu() {
        RnnSpec spec = new RnnSpec(Pass.TRAINING, Activation.RELU, 4, 2, 3, 5);
        Inputs in = new RnnCases().inputs(spec, false, random);
        for (int k = 0; k < 5; k++) {
            in.get("biasIh")[k] = k % 2 == 0 ? 4 : -4;
        }
        check(
                x -> R64Rnn.expected(spec, x),
                in,
                List.of("dst", "hn"),
                g -> twoBiases(in, g, back -> R64Rnn.expected(spec.with(Pass.BACKWARD), back)));
    }

    private static Map<String, double[]> twoBiases(
            Inputs in, Map<String, double[]> g, Function<Inputs, Map<String, Expected>> backward) {
        Map<String, String> names = Map.of(
                "src", "diffSrc",
                "h0", "diffH0",
                "weightsIh", "diffWeightsIh",
                "weightsHh", "diffWeightsHh",
                "biasIh", "diffBiasIh",
                "biasHh", "diffBiasHh");
        Map<String, Expected> gradients =
                backward.apply(in.with("diffDst", g.get("dst")).put("diffHn", g.get("hn")));
        Map<String, double[]> byInput = new TreeMap<>();
        names.forEach((input, name) -> byInput.put(input, gradients.get(name).value()));
        return byInput;
    }
}
