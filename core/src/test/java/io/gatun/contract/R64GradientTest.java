package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Direction;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.SoftmaxSpec;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The oracles' backward against central differences of their forward, every partial derivative of every input. */
class R64GradientTest {
    private static final double EPS = 1e-6;

    private final SplittableRandom random = new SplittableRandom(7);

    /** What a forward oracle gives. */
    private interface Forward extends Function<Inputs, Map<String, Expected>> {}

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

    /** d [cotangents, forward(in)] / d in[input] must be {@code gradient}. */
    private static void check(
            Forward forward, Inputs in, String input, Map<String, double[]> cotangents, Expected gradient) {
        double[] values = in.get(input);
        assertThat(gradient.value()).as(input).hasSameSizeAs(values);
        for (int i = 0; i < values.length; i++) {
            double up = loss(forward.apply(in.with(input, i, values[i] + EPS)), cotangents);
            double down = loss(forward.apply(in.with(input, i, values[i] - EPS)), cotangents);
            double numeric = (up - down) / (2 * EPS);
            double analytic = gradient.value()[i];
            assertThat(Math.abs(numeric - analytic))
                    .as("%s[%d]: central difference %s, backward %s", input, i, numeric, analytic)
                    .isLessThanOrEqualTo(1e-5 + 1e-3 * Math.abs(numeric));
        }
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

    static java.util.List<Activation> activations() {
        return ActivationCases.ALL;
    }

    @ParameterizedTest
    @MethodSource("activations")
    void activation(Activation activation) {
        ActivationSpec spec = new ActivationSpec(Direction.FORWARD, activation, 40);
        double[] g = reals(40);
        Inputs in = new Inputs(false).put("src", distinct(40));
        String saved = activation.kind().usesOutput() ? "dst" : "src";
        double[] kept = saved.equals("src")
                ? in.get("src")
                : R64Activation.expected(spec, in).get("dst").value();
        Inputs back = new Inputs(false).put(saved, kept).put("diffDst", g);
        ActivationSpec backward = new ActivationSpec(Direction.BACKWARD, activation, 40);
        check(
                i -> R64Activation.expected(spec, i),
                in,
                "src",
                Map.of("dst", g),
                R64Activation.expected(backward, back).get("diffSrc"));
    }

    /** dA = dC Bᵀ and dB = Aᵀ dC are themselves products. */
    @Test
    void gemm() {
        Inputs in = new Inputs(false).put("a", reals(4 * 5)).put("b", reals(5 * 3));
        double[] g = reals(12);
        Forward forward = i -> R64Gemm.expected(GemmSpec.of(4, 3, 5), i);
        Inputs forA = new Inputs(false).put("a", g).put("b", in.get("b"));
        Inputs forB = new Inputs(false).put("a", in.get("a")).put("b", g);
        Expected diffA =
                R64Gemm.expected(GemmSpec.of(4, 5, 3, false, true), forA).get("c");
        Expected diffB =
                R64Gemm.expected(GemmSpec.of(5, 3, 4, true, false), forB).get("c");
        check(forward, in, "a", Map.of("c", g), diffA);
        check(forward, in, "b", Map.of("c", g), diffB);
    }

    @Test
    void conv() {
        for (ConvSpec spec : new ConvSpec[] {
            ConvSpec.of(2, 4, 5, 2, 3, 3, 1, 1).withBias(),
            ConvSpec.of(1, 7, 6, 4, 2, 3, 2, 0)
                    .withGroups(2)
                    .withDilation(2, 1)
                    .withPadding(1, 2, 0, 1)
                    .withBias()
        }) {
            Inputs in = Inputs.random(spec, false, 1, random);
            double[] g = reals(spec.n() * spec.oh() * spec.ow() * spec.oc());
            Inputs back = in.with("diffDst", g);
            Forward forward = i -> R64Conv.expected(spec, i);
            Map<String, Expected> weights = R64Conv.expected(spec.with(ConvSpec.Direction.BACKWARD_WEIGHTS), back);
            Map<String, Expected> data = R64Conv.expected(spec.with(ConvSpec.Direction.BACKWARD_DATA), back);
            check(forward, in, "src", Map.of("dst", g), data.get("diffSrc"));
            check(forward, in, "weights", Map.of("dst", g), weights.get("diffWeights"));
            check(forward, in, "bias", Map.of("dst", g), weights.get("diffBias"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void pool(PoolSpec.Op op) {
        PoolSpec spec = new PoolSpec(Direction.FORWARD, op, 2, 5, 4, 2, 3, 2, 2, 1, 1, 0, 0, 1, true);
        Inputs in = new Inputs(false).put("src", distinct(2 * 5 * 4 * 2));
        Map<String, Expected> out = R64Pool.expected(spec, in);
        double[] g = reals(out.get("dst").value().length);
        Inputs back = new Inputs(false).put("diffDst", g);
        if (op == PoolSpec.Op.MAX) {
            back.put("indices", out.get("indices").value());
        }
        Expected diffSrc = R64Pool.expected(spec.with(Direction.BACKWARD), back).get("diffSrc");
        check(i -> R64Pool.expected(spec, i), in, "src", Map.of("dst", g), diffSrc);
    }

    @Test
    void batchNorm() {
        for (int flags = 0; flags < 4; flags++) {
            BatchNormSpec spec = BatchNormSpec.training(7, 3, (flags & 1) != 0, (flags & 2) != 0);
            Inputs in = Inputs.random(spec, false, 1, random).put("runningVar", 1, 1, 1);
            Map<String, Expected> out = R64BatchNorm.expected(spec, in);
            double[] g = reals(21);
            Inputs back = new Inputs(false).put("diffDst", g);
            for (String name : new String[] {"src", "gamma"}) {
                back.put(name, in.get(name));
            }
            for (String name : new String[] {"dst", "mean", "invStd"}) {
                back.put(name, out.get(name).value());
            }
            Map<String, Expected> gradients = R64BatchNorm.expected(spec.with(Pass.BACKWARD), back);
            Forward forward = i -> R64BatchNorm.expected(spec, i);
            check(forward, in, "src", Map.of("dst", g), gradients.get("diffSrc"));
            check(forward, in, "gamma", Map.of("dst", g), gradients.get("diffGamma"));
            check(forward, in, "beta", Map.of("dst", g), gradients.get("diffBeta"));
            if (spec.residual()) {
                check(forward, in, "residual", Map.of("dst", g), gradients.get("diffResidual"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void softmax(SoftmaxSpec.Op op) {
        SoftmaxSpec spec = new SoftmaxSpec(Direction.FORWARD, op, 3, 6);
        Inputs in = new Inputs(false).put("src", reals(18));
        double[] g = reals(18);
        double[] y = R64Softmax.expected(spec, in).get("dst").value();
        Inputs back = new Inputs(false).put("dst", y).put("diffDst", g);
        Expected diffSrc =
                R64Softmax.expected(spec.with(Direction.BACKWARD), back).get("diffSrc");
        check(i -> R64Softmax.expected(spec, i), in, "src", Map.of("dst", g), diffSrc);
    }

    @Test
    void crossEntropy() {
        CrossEntropySpec spec = CrossEntropySpec.of(5, 6, true);
        Inputs in = new Inputs(false).put("logits", reals(30)).put("targets", 0, 5, -100, 2, 2);
        Expected diffLogits = R64CrossEntropy.expected(spec, in).get("diffLogits");
        Forward forward = i -> R64CrossEntropy.expected(spec, i);
        check(forward, in, "logits", Map.of("loss", new double[] {1}), diffLogits);
    }

    @Test
    void embedding() {
        EmbeddingSpec spec = new EmbeddingSpec(Direction.FORWARD, 4, 3, 6);
        Inputs in = new Inputs(false).put("indices", 1, 3, 1, 0, 3, 3).put("table", reals(12));
        double[] g = reals(18);
        Inputs back = in.with("diffDst", g).put("diffTable", new double[12]);
        Expected diffTable =
                R64Embedding.expected(spec.with(Direction.BACKWARD), back).get("diffTable");
        check(i -> R64Embedding.expected(spec, i), in, "table", Map.of("dst", g), diffTable);
    }

    @Test
    void dropoutIsItsOwnBackward() {
        DropoutSpec spec = new DropoutSpec(30, 0.4f);
        Inputs in = new Inputs(false).put("src", reals(30)).putLongs("rng", 1L << 40 | 3, 2, 1);
        double[] g = reals(30);
        Expected diffSrc = R64Dropout.expected(spec, in.with("src", g)).get("dst");
        check(i -> R64Dropout.expected(spec, i), in, "src", Map.of("dst", g), diffSrc);
    }

    @Test
    void lstm() {
        LstmSpec spec = new LstmSpec(Pass.TRAINING, 4, 2, 3, 5);
        Inputs in = Inputs.random(spec, false, 1, random);
        Map<String, double[]> g = Map.of("dst", reals(4 * 2 * 5), "hn", reals(10), "cn", reals(10));
        Inputs back =
                in.with("diffDst", g.get("dst")).put("diffHn", g.get("hn")).put("diffCn", g.get("cn"));
        Map<String, Expected> gradients = R64Lstm.expected(spec.with(Pass.BACKWARD), back);
        Map<String, String> names = Map.of(
                "src", "diffSrc",
                "h0", "diffH0",
                "c0", "diffC0",
                "weightsIh", "diffWeightsIh",
                "weightsHh", "diffWeightsHh",
                "bias", "diffBias");
        names.forEach((input, name) -> check(i -> R64Lstm.expected(spec, i), in, input, g, gradients.get(name)));
    }
}
