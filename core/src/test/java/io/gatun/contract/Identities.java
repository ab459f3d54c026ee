package io.gatun.contract;

import static org.assertj.core.api.Assertions.within;

import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.Activation;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.Dims;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/** Laws that hold between kernels of one backend, on integers and so to the last bit: no oracle is asked. */
final class Identities {
    private final KernelContract contract;
    private final Kernels kernels;
    private final SplittableRandom random = new SplittableRandom(KernelContract.SEED);

    private Identities(KernelContract contract, Kernels kernels) {
        this.contract = contract;
        this.kernels = kernels;
    }

    /** [A x, y] = [x, A' y] for each linear kernel A and its backward A'. */
    static Stream<DynamicTest> adjoint(KernelContract contract, Kernels kernels) {
        Identities i = new Identities(contract, kernels);
        return Stream.of(
                DynamicTest.dynamicTest("conv: forward, data and weights", i::convAdjoint),
                DynamicTest.dynamicTest("gemm: by the transposed factor", i::gemmAdjoint),
                DynamicTest.dynamicTest("pool: average", i::poolAdjoint),
                DynamicTest.dynamicTest("permute: by the inverse order", i::permuteAdjoint),
                DynamicTest.dynamicTest("embedding: gather and scatter", i::embeddingAdjoint));
    }

    static Stream<DynamicTest> metamorphic(KernelContract contract, Kernels kernels) {
        Identities i = new Identities(contract, kernels);
        return Stream.of(
                DynamicTest.dynamicTest("conv: 1x1 is a gemm", i::pointwiseIsGemm),
                DynamicTest.dynamicTest("conv: depthwise is one convolution a channel", i::depthwise),
                DynamicTest.dynamicTest("conv: groups are convolutions side by side", i::groups),
                DynamicTest.dynamicTest("conv: with bias and relu is both behind it", i::fusedConv),
                DynamicTest.dynamicTest("batchnorm: with add and relu is both behind it", i::fusedNorm),
                DynamicTest.dynamicTest("conv: stride takes every s-th of stride 1", i::strideSubsamples),
                DynamicTest.dynamicTest("conv: the images of a batch do not know each other", i::batchOrder),
                DynamicTest.dynamicTest("softmax: a shift changes nothing", i::softmaxShift),
                DynamicTest.dynamicTest("lstm: cut in two with the state carried is the whole", i::lstmCut),
                DynamicTest.dynamicTest("gru: cut in two with the state carried is the whole", i::gruCut),
                DynamicTest.dynamicTest("rnn: cut in two with the state carried is the whole", i::rnnCut),
                DynamicTest.dynamicTest("mixed: layers cut in two with the state carried are the whole", i::mixedCut));
    }

    private double[] integers(long count) {
        return Inputs.integers((int) count, 6, random);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private double[] run(Spec spec, Inputs in, String output) {
        Tried tried = new Tried();
        Plan plan = contract.plan(kernels, Families.of(spec), spec, tried);
        Assumptions.assumeTrue(plan != null, tried::refusal);
        try (Arena arena = Arena.ofConfined()) {
            return new Run(arena, plan, in, 0, null).execute().values(output);
        }
    }

    private static long elements(Spec spec, String operand) {
        return spec.operands().stream()
                .filter(o -> o.name().equals(operand))
                .findFirst()
                .orElseThrow()
                .elements();
    }

    private void convAdjoint() {
        List<ConvSpec> specs = List.of(
                ConvSpec.of(2, 9, 8, 5, 7, 3, 1, 1),
                ConvSpec.of(1, 11, 10, 16, 17, 3, 2, 1),
                ConvSpec.of(2, 6, 7, 33, 16, 1, 1, 0),
                ConvSpec.of(1, 12, 12, 6, 9, 3, 1, 2).withDilation(2, 3).withGroups(3),
                ConvSpec.of(2, 7, 9, 8, 8, 5, 3, 0).withGroups(8).withPadding(2, 0, 1, 3));
        for (ConvSpec forward : specs) {
            double[] src = integers(elements(forward, "src"));
            double[] weights = integers(elements(forward, "weights"));
            double[] y = integers(elements(forward, "dst"));
            Inputs in = new Inputs(true).put("src", src).put("weights", weights).put("diffDst", y);
            double wanted = dot(run(forward, in, "dst"), y);
            ConvSpec data = forward.with(ConvSpec.Direction.BACKWARD_DATA);
            ConvSpec filter = forward.with(ConvSpec.Direction.BACKWARD_WEIGHTS);
            Assertions.assertThat(dot(src, run(data, in, "diffSrc")))
                    .as("%s", data)
                    .isEqualTo(wanted);
            Assertions.assertThat(dot(weights, run(filter, in, "diffWeights")))
                    .as("%s", filter)
                    .isEqualTo(wanted);
        }
    }

    private void gemmAdjoint() {
        int m = 19;
        int n = 35;
        int k = 23;
        double[] a = integers(m * k);
        double[] b = integers(k * n);
        double[] y = integers(m * n);
        double wanted =
                dot(run(GemmSpec.of(m, n, k), new Inputs(true).put("a", a).put("b", b), "c"), y);
        double[] diffA = run(
                GemmSpec.of(m, k, n, false, true), new Inputs(true).put("a", y).put("b", b), "c");
        double[] diffB = run(
                GemmSpec.of(k, n, m, true, false), new Inputs(true).put("a", a).put("b", y), "c");
        Assertions.assertThat(dot(a, diffA)).isEqualTo(wanted);
        Assertions.assertThat(dot(b, diffB)).isEqualTo(wanted);
    }

    /** Multiples of 36: dividing by the 9, 6 or 4 elements of a window is exact. */
    private void poolAdjoint() {
        for (PoolSpec forward : new PoolSpec[] {
            PoolSpec.of(PoolSpec.Op.AVG_PAD, 2, 9, 8, 19, 2, 1, 0),
            PoolSpec.of(PoolSpec.Op.AVG_PAD, 2, 9, 8, 19, 3, 2, 1),
            PoolSpec.of(PoolSpec.Op.AVG, 2, 9, 8, 19, 3, 2, 1)
        }) {
            Inputs in = new Inputs(true)
                    .put("src", integers(elements(forward, "src")))
                    .put("diffDst", integers(elements(forward, "dst")))
                    .times(36);
            double wanted = dot(run(forward, in, "dst"), in.get("diffDst"));
            double[] diffSrc = run(forward.with(Direction.BACKWARD), in, "diffSrc");
            Assertions.assertThat(dot(in.get("src"), diffSrc)).as("%s", forward).isEqualTo(wanted);
        }
    }

    private void permuteAdjoint() {
        double[] src = integers(3 * 4 * 5 * 17);
        double[] y = integers(src.length);
        PermuteSpec there = new PermuteSpec(Dims.of(3, 4, 5, 17), Dims.of(2, 0, 3, 1));
        PermuteSpec back = new PermuteSpec(Dims.of(5, 3, 17, 4), Dims.of(1, 3, 0, 2));
        double wanted = dot(run(there, new Inputs(true).put("src", src), "dst"), y);
        Assertions.assertThat(dot(src, run(back, new Inputs(true).put("src", y), "dst")))
                .isEqualTo(wanted);
    }

    private void embeddingAdjoint() {
        EmbeddingSpec forward = new EmbeddingSpec(Direction.FORWARD, 13, 19, 40);
        double[] indices = new double[40];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = random.nextInt(13);
        }
        double[] table = integers(13 * 19);
        double[] y = integers(40 * 19);
        Inputs in = new Inputs(true)
                .put("indices", indices)
                .put("table", table)
                .put("diffDst", y)
                .put("diffTable", new double[13 * 19]);
        double wanted = dot(run(forward, in, "dst"), y);
        Assertions.assertThat(dot(table, run(forward.with(Direction.BACKWARD), in, "diffTable")))
                .isEqualTo(wanted);
    }

    private void pointwiseIsGemm() {
        ConvSpec conv = ConvSpec.of(2, 5, 7, 18, 33, 1, 1, 0).withBias().withActivation(Activation.RELU);
        double[] src = integers(2 * 5 * 7 * 18);
        double[] weights = integers(33 * 18);
        double[] bias = integers(33);
        double[] dst = run(
                conv, new Inputs(true).put("src", src).put("weights", weights).put("bias", bias), "dst");
        GemmSpec gemm = GemmSpec.of(70, 33, 18, false, true).withBias().withActivation(Activation.RELU);
        double[] c = run(gemm, new Inputs(true).put("a", src).put("b", weights).put("bias", bias), "c");
        Assertions.assertThat(dst).containsExactly(c);
    }

    private void depthwise() {
        int c = 19;
        ConvSpec all = ConvSpec.of(1, 8, 9, c, c, 3, 1, 1).withGroups(c);
        double[] src = integers(72 * c);
        double[] weights = integers(9 * c);
        double[] dst = run(all, new Inputs(true).put("src", src).put("weights", weights), "dst");
        for (int channel = 0; channel < c; channel++) {
            double[] plane = new double[72];
            double[] filter = Arrays.copyOfRange(weights, 9 * channel, 9 * channel + 9);
            double[] wanted = new double[72];
            for (int i = 0; i < 72; i++) {
                plane[i] = src[i * c + channel];
                wanted[i] = dst[i * c + channel];
            }
            Inputs one = new Inputs(true).put("src", plane).put("weights", filter);
            Assertions.assertThat(run(ConvSpec.of(1, 8, 9, 1, 1, 3, 1, 1), one, "dst"))
                    .as("channel %d", channel)
                    .containsExactly(wanted);
        }
    }

    private void groups() {
        int groups = 3;
        int ic = 5;
        int oc = 7;
        ConvSpec all = ConvSpec.of(2, 6, 7, groups * ic, groups * oc, 3, 2, 1).withGroups(groups);
        double[] src = integers(elements(all, "src"));
        double[] weights = integers(elements(all, "weights"));
        double[] dst = run(all, new Inputs(true).put("src", src).put("weights", weights), "dst");
        int filter = weights.length / groups;
        for (int g = 0; g < groups; g++) {
            ConvSpec one = ConvSpec.of(2, 6, 7, ic, oc, 3, 2, 1);
            Inputs in = new Inputs(true)
                    .put("src", columns(src, groups * ic, g * ic, ic))
                    .put("weights", Arrays.copyOfRange(weights, g * filter, (g + 1) * filter));
            Assertions.assertThat(run(one, in, "dst"))
                    .as("group %d", g)
                    .containsExactly(columns(dst, groups * oc, g * oc, oc));
        }
    }

    /** Some neighbouring columns of a matrix with {@code cols}. */
    private static double[] columns(double[] matrix, int cols, int from, int count) {
        return IntStream.range(0, matrix.length / cols)
                .flatMap(row -> IntStream.range(row * cols + from, row * cols + from + count))
                .mapToDouble(at -> matrix[at])
                .toArray();
    }

    private void fusedConv() {
        ConvSpec plain = ConvSpec.of(2, 6, 7, 9, 17, 3, 1, 1);
        double[] bias = integers(17);
        Inputs in = new Inputs(true)
                .put("src", integers(elements(plain, "src")))
                .put("weights", integers(elements(plain, "weights")))
                .put("bias", bias);
        double[] separate = run(plain, in, "dst");
        for (int at = 0; at < separate.length; at++) {
            separate[at] = Math.max(0, separate[at] + bias[at % 17]);
        }
        double[] fused = run(plain.withBias().withActivation(Activation.RELU), in, "dst");
        Assertions.assertThat(fused).containsExactly(separate);
    }

    /**
     * Backward too. With variance + eps = 1/4 and integers all of inference is exact; in training the sum rounds once
     * more where it is stored in between.
     */
    private void fusedNorm() {
        int c = 19;
        int rows = 31;
        int count = rows * c;
        for (Pass pass : new Pass[] {Pass.INFERENCE, Pass.TRAINING}) {
            BatchNormSpec fused = new BatchNormSpec(pass, rows, c, 0.125f, 0.1f, true, true);
            BatchNormSpec plain = new BatchNormSpec(pass, rows, c, 0.125f, 0.1f, false, false);
            Inputs in = new Inputs(true)
                    .put("src", integers(count))
                    .put("residual", integers(count))
                    .put("gamma", integers(c))
                    .put("beta", integers(c))
                    .put("runningMean", integers(c))
                    .put(
                            "runningVar",
                            DoubleStream.generate(() -> 0.125).limit(c).toArray());
            double[] normal = run(plain, in, "dst");
            double[] residual = in.get("residual");
            double[] dst = run(fused, in, "dst");
            double[] separate = new double[count];
            for (int at = 0; at < count; at++) {
                separate[at] = Math.max(0, (float) (normal[at] + residual[at]));
            }
            if (pass == Pass.INFERENCE) {
                Assertions.assertThat(dst).containsExactly(separate);
                continue;
            }
            for (int at = 0; at < count; at++) {
                double size = Math.abs(normal[at]) + Math.abs(residual[at]);
                Assertions.assertThat(dst[at]).as("dst[%d]", at).isCloseTo(separate[at], within(4 * Expected.U * size));
            }
            Inputs back = in.with("dst", dst).with("diffDst", integers(count));
            for (String saved : new String[] {"mean", "invStd"}) {
                back = back.with(saved, run(fused, in, saved));
            }
            double[] passed = back.get("diffDst").clone();
            for (int at = 0; at < count; at++) {
                passed[at] *= dst[at] > 0 ? 1 : 0;
            }
            Inputs behind = back.with("diffDst", passed);
            for (String gradient : new String[] {"diffSrc", "diffGamma", "diffBeta"}) {
                Assertions.assertThat(run(fused.with(Pass.BACKWARD), back, gradient))
                        .as(gradient)
                        .containsExactly(run(plain.with(Pass.BACKWARD), behind, gradient));
            }
            Assertions.assertThat(run(fused.with(Pass.BACKWARD), back, "diffResidual"))
                    .containsExactly(passed);
        }
    }

    private void strideSubsamples() {
        ConvSpec dense = ConvSpec.of(1, 11, 13, 7, 18, 3, 1, 1);
        ConvSpec strided = ConvSpec.of(1, 11, 13, 7, 18, 3, 2, 1);
        Inputs in = new Inputs(true).put("src", integers(11 * 13 * 7)).put("weights", integers(18 * 9 * 7));
        double[] all = run(dense, in, "dst");
        double[] some = run(strided, in, "dst");
        List<Double> wanted = new ArrayList<>();
        for (int y = 0; y < 11; y += 2) {
            for (int x = 0; x < 13; x += 2) {
                for (int o = 0; o < 18; o++) {
                    wanted.add(all[(y * 13 + x) * 18 + o]);
                }
            }
        }
        Assertions.assertThat(some)
                .containsExactly(
                        wanted.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private void batchOrder() {
        ConvSpec spec = ConvSpec.of(2, 6, 7, 9, 17, 3, 1, 1);
        double[] weights = integers(17 * 9 * 9);
        double[] src = integers(elements(spec, "src"));
        double[] swapped = swapHalves(src);
        double[] dst = run(spec, new Inputs(true).put("src", src).put("weights", weights), "dst");
        double[] other = run(spec, new Inputs(true).put("src", swapped).put("weights", weights), "dst");
        Assertions.assertThat(other).containsExactly(swapHalves(dst));
    }

    private static double[] swapHalves(double[] values) {
        int half = values.length / 2;
        double[] swapped = new double[values.length];
        System.arraycopy(values, 0, swapped, half, half);
        System.arraycopy(values, half, swapped, 0, half);
        return swapped;
    }

    /** Integers plus 64 stay integers, so x - max is the same to the bit. */
    private void softmaxShift() {
        SoftmaxSpec spec = new SoftmaxSpec(Direction.FORWARD, SoftmaxSpec.Op.SOFTMAX, 5, 37);
        double[] src = integers(5 * 37);
        double[] shifted = Arrays.stream(src).map(v -> v + 64).toArray();
        double[] plain = run(spec, new Inputs(true).put("src", src), "dst");
        double[] same = run(spec, new Inputs(true).put("src", shifted), "dst");
        // A kernel may take e^x apart into powers of two before it takes the maximum off: a few roundings, not the
        // bits.
        for (int i = 0; i < plain.length; i++) {
            Assertions.assertThat(same[i]).isCloseTo(plain[i], Assertions.within(4 * Expected.ulp(plain[i])));
        }
    }

    private void lstmCut() {
        cut(DType.F32, t -> new LstmSpec(Pass.INFERENCE, t, 3, 5, 9), Map.of("h0", "hn", "c0", "cn"));
    }

    private void gruCut() {
        cut(DType.F32, t -> new GruSpec(Pass.INFERENCE, t, 3, 5, 9), Map.of("h0", "hn"));
    }

    private void rnnCut() {
        cut(DType.F32, t -> new RnnSpec(Pass.INFERENCE, Activation.TANH, t, 3, 5, 9), Map.of("h0", "hn"));
    }

    private void mixedCut() {
        for (DType storage : new DType[] {DType.BF16, DType.F16}) {
            cut(storage, t -> new LstmSpec(Pass.INFERENCE, t, 3, 5, 9), Map.of("h0", "hn", "c0", "cn"));
            cut(storage, t -> new GruSpec(Pass.INFERENCE, t, 3, 5, 9), Map.of("h0", "hn"));
            cut(storage, t -> new RnnSpec(Pass.INFERENCE, Activation.TANH, t, 3, 5, 9), Map.of("h0", "hn"));
        }
    }

    /** Of 7 steps the first 3 and then 4 that begin with their state; {@code carried}: from where to where it goes. */
    private void cut(DType storage, IntFunction<Spec> steps, Map<String, String> carried) {
        Spec whole = MixedSpec.of(steps.apply(7), storage);
        Spec first = MixedSpec.of(steps.apply(3), storage);
        Spec second = MixedSpec.of(steps.apply(4), storage);
        Inputs in = Families.of(whole).anyInputs(whole, false, random);
        double[] src = in.get("src");
        int cut = 3 * 3 * 5;
        Inputs start = in.with("src", Arrays.copyOf(src, cut));
        Inputs rest = in.with("src", Arrays.copyOfRange(src, cut, src.length));
        for (Map.Entry<String, String> state : carried.entrySet()) {
            rest = rest.with(state.getKey(), run(first, start, state.getValue()));
        }
        double[] all = run(whole, in, "dst");
        double within = contract.sameBitsAtAnyLength() ? 0 : 1e-6;
        Assertions.assertThat(run(first, start, "dst")).containsExactly(Arrays.copyOf(all, 3 * 3 * 9), within(within));
        Assertions.assertThat(run(second, rest, "dst"))
                .containsExactly(Arrays.copyOfRange(all, 3 * 3 * 9, all.length), within(within));
        for (String state : carried.values()) {
            Assertions.assertThat(run(second, rest, state))
                    .as(state)
                    .containsExactly(run(whole, in, state), within(within));
        }
    }
}
