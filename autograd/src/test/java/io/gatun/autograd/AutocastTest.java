package io.gatun.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.Places;
import io.gatun.spec.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which types operations have in mixed precision, and that 16 bits give the numbers of floats but for their rounding. */
class AutocastTest {
    private static final int CHANNELS = 4;
    private static final Shape IMAGE = Shape.of(2, 4, 4, CHANNELS);

    private final Kernels kernels = Kernels.open("reference", 1);
    private final NativeMemory memory = NativeMemory.standard();
    private final Tape tape = new Tape(kernels, memory, 0, 3);
    private final SplittableRandom random = new SplittableRandom(11);

    @AfterEach
    void close() {
        tape.close();
        kernels.close();
    }

    /** Inputs of an operation on images: src, another of the same shape, and weights [c, 3, 3, c], [c, c], [c]. */
    private record Inputs(Tensor x, Tensor y, Tensor filters, Tensor matrix, Tensor row) {}

    private record Case(String name, boolean wide, Function<Inputs, Tensor> code) {}

    private static Case narrow(String name, Function<Inputs, Tensor> code) {
        return new Case(name, false, code);
    }

    private static Case wide(String name, Function<Inputs, Tensor> code) {
        return new Case(name, true, code);
    }

    private static Images.Norm norm(Inputs in, boolean training) {
        Tape tape = in.x.tape;
        Tensor mean = training ? null : tape.full(Shape.of(CHANNELS), 0.25f);
        Tensor variance = training ? null : tape.full(Shape.of(CHANNELS), 2);
        return new Images.Norm(in.row, in.row, mean, variance, null, 1e-5f, 0.1f, training);
    }

    private static List<Case> cases() {
        Images.Window same = new Images.Window(1, 1, 1, 1);
        Images.Window half = new Images.Window(2, 1, 1, 1);
        Pools.Window two = Pools.Window.square(2, 2, 0);
        return List.of(
                narrow("conv2d", in -> Images.conv2d(in.x, in.filters, in.row, same, Activation.RELU)),
                narrow("conv2d without bias", in -> Images.conv2d(in.x, in.filters, null, half)),
                narrow("convTranspose2d", in -> Convolutions.transpose2d(in.x, in.filters, in.row, half, 1, 1)),
                narrow("linear", in -> Matrices.linear(in.x, in.matrix, in.row, Activation.TANH)),
                narrow("linear of made weights", in -> Matrices.linear(in.x, in.matrix.scale(0.5f), in.row.scale(2))),
                narrow("matmul", in -> in.x.matmul(in.matrix)),
                narrow("matmul of batches", in -> Matrices.matmul(in.x, in.y, true, false)),
                narrow("matmul with a shared factor", in -> in.matrix.matmul(in.x)),
                narrow("batchNorm", in -> Images.batchNorm(in.x, norm(in, true), in.y, true)),
                narrow("batchNorm of running statistics", in -> Images.batchNorm(in.x, norm(in, false), in.y, true)),
                narrow("layerNorm", in -> Norms.layerNorm(in.x, Shape.of(CHANNELS), in.row, in.row, 1e-5f)),
                narrow("groupNorm", in -> Norms.groupNorm(in.x, 2, in.row, null, 1e-5f)),
                narrow("relu", in -> in.x.relu()),
                narrow("gelu", in -> Activations.activation(in.x, Activation.GELU)),
                narrow("prelu", in -> Activations.prelu(in.x, in.row)),
                narrow("dropout", in -> Activations.dropout(in.x, 0.5f)),
                narrow("dropoutChannels", in -> Activations.dropoutChannels(in.x, 0.5f)),
                narrow("maxPool", in -> Pools.max2d(in.x, two)),
                narrow("avgPool", in -> Pools.avg2d(in.x, two, true)),
                narrow("adaptiveAvgPool", in -> Pools.adaptiveAvg2d(in.x, 3, 3)),
                narrow("globalAvgPool", in -> Pools.globalAvg(in.x)),
                narrow("add", in -> in.x.add(in.y)),
                narrow("sub of itself", in -> in.x.scale(3).sub(in.x)),
                narrow("mul", in -> in.x.mul(in.y)),
                narrow("div", in -> in.x.div(in.y.abs().add(in.x.tape.full(Shape.of(), 1)))),
                narrow("maximum", in -> in.x.maximum(in.y)),
                narrow("add of a row in 16 bits", in -> in.x.add(in.row.to(in.x.type()))),
                narrow("sub of a row in 16 bits", in -> in.x.sub(in.row.to(in.x.type()))),
                narrow("permute", in -> in.x.permute(0, 3, 1, 2)),
                narrow("reshape and cut", in -> in.x.reshape(2, -1).narrow(1, 3, 20)),
                narrow("concat", in -> Pieces.concat(3, in.x, in.y)),
                narrow("stack", in -> Pieces.stack(1, in.x, in.y)),
                narrow("pad", in -> Pieces.pad(in.x, 1, 1, 2, 0)),
                narrow("pad with a number", in -> Pieces.pad(in.x, 2, 1, 0, 0.5f)),
                narrow("expand", in -> in.x.narrow(0, 0, 1).expand(3, 4, 4, CHANNELS)),
                narrow("lstm", in -> Sequences.lstm(steps(in), recurrent(in, 4), null)
                        .output()),
                wide("the cells of an lstm", in -> Sequences.lstm(steps(in), recurrent(in, 4), null)
                        .last()
                        .c()),
                narrow("gru", in -> Sequences.gru(steps(in), recurrent(in, 3), null)
                        .last()),
                narrow("rnn", in -> Sequences.rnn(steps(in), recurrent(in, 1), Activation.TANH, null)
                        .output()),
                wide("add of float", in -> in.x.add(in.row)),
                wide("concat with float", in -> Pieces.concat(3, in.x, in.y.to(DType.F32))),
                wide("softmax", in -> in.x.softmax()),
                wide("exp", in -> in.x.exp()),
                wide("sum", in -> in.x.sum(1, 2)),
                wide("sumOfSquares", in -> Arithmetic.sumOfSquares(in.x, 3)),
                wide("variance", in -> in.x.var(1, 2)),
                wide("max", in -> in.x.max(3)),
                wide("where", in -> Choices.where(in.x, in.x, in.y)),
                wide("power", in -> in.x.abs().pow(1.5f)),
                wide("mse", in -> Losses.mse(in.x, in.y)),
                wide("crossEntropy", in -> Losses.crossEntropy(in.x.reshape(-1, CHANNELS), targets(in.x.tape))),
                wide("embedding", in -> Sequences.embedding(in.x.reshape(-1, CHANNELS), targets(in.x.tape))));
    }

    /** [4, 4, 8]. */
    private static Tensor steps(Inputs in) {
        return in.x.reshape(4, 4, 8).scale(0.5f);
    }

    /** Of two units, weightsIh [gates · 2, 8], weightsHh [gates · 2, 2]. */
    private static Sequences.RecurrentWeights recurrent(Inputs in, int gates) {
        Tensor filters = in.filters.reshape(-1);
        return new Sequences.RecurrentWeights(
                filters.narrow(0, 0, gates * 16).reshape(gates * 2, 8).scale(0.25f),
                filters.narrow(0, 100, gates * 4).reshape(gates * 2, 2).scale(0.25f),
                filters.narrow(0, 120, gates * 2),
                null);
    }

    private static Tensor targets(Tape tape) {
        int[] classes = new int[32];
        Arrays.setAll(classes, i -> i % CHANNELS);
        return tape.integers(Shape.of(32), classes);
    }

    private record Given(float[] x, float[] y, float[] filters, float[] matrix, float[] row) {}

    private Given given(DType type) {
        return new Given(
                rounded(128, type),
                rounded(128, type),
                rounded(9 * CHANNELS * CHANNELS, type),
                rounded(CHANNELS * CHANNELS, type),
                rounded(CHANNELS, type));
    }

    private float[] rounded(int count, DType type) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = HalfFloats.widen(type, HalfFloats.narrow(type, (float) random.nextGaussian()));
        }
        return values;
    }

    private Tensor leaf(float[] values, int... dims) {
        return tape.tensor(Shape.of(dims), values).requiresGrad(true);
    }

    /** The result of a case and the gradients of all that went in, weighted by fixed numbers; x and y are of this type. */
    private List<float[]> run(Case of, Given given, DType type, DType[] resultType) {
        tape.reset(5);
        Tensor[] leaves = {
            leaf(given.x, IMAGE.dims()),
            leaf(given.y, IMAGE.dims()),
            leaf(given.filters, CHANNELS, 3, 3, CHANNELS),
            leaf(given.matrix, CHANNELS, CHANNELS),
            leaf(given.row, CHANNELS)
        };
        List<float[]> all = new ArrayList<>();
        try (var _ = tape.autocast(type)) {
            Tensor result =
                    of.code.apply(new Inputs(leaves[0].to(type), leaves[1].to(type), leaves[2], leaves[3], leaves[4]));
            resultType[0] = result.type();
            all.add(result.toArray());
            SplittableRandom fixed = new SplittableRandom(3);
            float[] weights = new float[(int) result.shape().elements()];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = fixed.nextInt(-2, 3);
            }
            result.to(DType.F32)
                    .mul(tape.constant(result.shape(), weights))
                    .sum()
                    .backward();
        }
        for (Tensor leaf : leaves) {
            float[] gradient = new float[(int) leaf.shape().elements()];
            if (leaf.grad() != null) {
                gradient = Places.floats(leaf.grad());
            }
            all.add(gradient);
        }
        return all;
    }

    private static double distance(float[] a, float[] b) {
        double difference = 0;
        double size = 1e-30;
        for (int i = 0; i < a.length; i++) {
            difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
            size += (double) b[i] * b[i];
        }
        return Math.sqrt(difference / size);
    }

    @TestFactory
    List<DynamicTest> agreesWithFloats() {
        List<DynamicTest> tests = new ArrayList<>();
        for (DType type : List.of(DType.BF16, DType.F16)) {
            for (Case of : cases()) {
                tests.add(DynamicTest.dynamicTest(of.name + " " + type.word(), () -> {
                    Given given = given(type);
                    DType[] resultType = new DType[1];
                    List<float[]> floats = run(of, given, DType.F32, resultType);
                    assertThat(resultType[0]).isEqualTo(DType.F32);
                    List<float[]> mixed = run(of, given, type, resultType);
                    assertThat(resultType[0]).isEqualTo(of.wide ? DType.F32 : type);
                    // Three roundings of half a unit in the last place, on the way there and back.
                    double bound = 3 * (type == DType.BF16 ? 0x1p-8 : 0x1p-11);
                    for (int i = 0; i < floats.size(); i++) {
                        assertThat(distance(mixed.get(i), floats.get(i)))
                                .as("result, then gradients: %s", i)
                                .isLessThan(bound);
                    }
                }));
            }
        }
        return tests;
    }

    /** One layer with a parameter in two places, one of them through a view. */
    private static final class Net implements AutoCloseable {
        final Parameter weight = Parameter.of(Shape.of(4, 4), Initializer.ONES);
        final Parameter bias = Parameter.of(Shape.of(4), Initializer.ONES);
        final Parameters parameters;

        Net(NativeMemory memory) {
            parameters =
                    Parameters.builder().add("weight", weight).add("bias", bias).build(memory, "net", 1);
            float[] values = new float[16];
            for (int i = 0; i < values.length; i++) {
                values[i] = 1 + i / 512f;
            }
            weight.copyFrom(values);
        }

        Tensor loss(Tape tape, float[] x) {
            try (var _ = tape.autocast(DType.BF16)) {
                Tensor first = Matrices.linear(tape.constant(Shape.of(2, 4), x), weight, bias);
                Tensor second = Matrices.linear(first, Pieces.rows(first, weight, 1, 2), null);
                return second.to(DType.F32).square().sum();
            }
        }

        @Override
        public void close() {
            parameters.close();
        }
    }

    @Test
    void castsParametersOnceAStep() {
        try (Net net = new Net(memory)) {
            float[] x = {1, 2, 3, 4, 5, 6, 7, 8};
            net.loss(tape, x);
            var first = tape.lowered(net.weight, DType.BF16);
            assertThat(tape.lowered(net.weight, DType.BF16).address()).isEqualTo(first.address());
            assertThat(tape.lowered(Pieces.rows(tape.zeros(Shape.of(1)), net.weight, 1, 2), DType.BF16)
                            .address())
                    .isEqualTo(first.address() + 8);
            assertThat(tape.lowered(net.bias, DType.F16).byteSize()).isEqualTo(8);
            assertThat(tape.lowered(tape.zeros(Shape.of(1)), DType.BF16)).isNull();
            net.weight.copyFrom(new float[16]);
            assertThat(tape.lowered(net.weight, DType.BF16).address()).isNotEqualTo(first.address());
        }
    }

    /** The copies are made anew in a repeated step, and its gradients are those of a step that is built anew. */
    @Test
    void repeatsWithNewParameters() {
        try (Net net = new Net(memory);
                Net other = new Net(memory);
                Tape eager = new Tape(kernels, memory, 0, 3)) {
            float[] x = {1, 2, 3, 4, 5, 6, 7, 8};
            CapturedStep step = tape.capture(() -> net.loss(tape, x));
            for (int i = 0; i < 3; i++) {
                float loss = step.forward(i);
                step.backward();
                assertThat(step.repeating()).isEqualTo(i > 0);
                eager.reset(i);
                Tensor wanted = other.loss(eager, x);
                wanted.backward();
                assertThat(loss).isEqualTo(wanted.item());
                assertThat(Places.floats(net.parameters.gradients()))
                        .containsExactly(Places.floats(other.parameters.gradients()));
                for (Net each : List.of(net, other)) {
                    each.parameters.stepped();
                    float[] values = each.weight.toArray();
                    values[i] += 0.125f;
                    each.weight.copyFrom(values);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"I32", "I64", "U8"})
    void refusesWholeNumbers(DType type) {
        assertThatThrownBy(() -> tape.autocast(type))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("autocast: no product has results in " + type.word() + "; give f32, bf16 or f16");
        assertThatThrownBy(() -> tape.integers(Shape.of(1), 1).to(DType.BF16))
                .hasMessage("cast: integers [1] is i32, must be f32, bf16 or f16");
    }

    @Test
    void endsWithItsScope() {
        try (var _ = tape.autocast(DType.BF16)) {
            try (var _ = tape.autocast(DType.F32)) {
                assertThat(tape.storage()).isEqualTo(DType.F32);
            }
            assertThat(tape.storage()).isEqualTo(DType.BF16);
        }
        assertThat(tape.storage()).isEqualTo(DType.F32);
    }

    @Test
    void showsNumbersOf16BitsAsFloats() {
        Tensor x = tape.tensor(Shape.of(2), 1.00390625f, -3).to(DType.BF16);
        assertThat(x.toArray()).containsExactly(1, -3);
        assertThat(x.narrow(0, 1, 1).item()).isEqualTo(-3);
        assertThat(x.to(DType.BF16)).isSameAs(x);
    }

    /** What a caster made for one operation is free again, in inference at once. */
    @Test
    void leavesNoCopiesBehind() {
        try (var _ = tape.noGrad();
                var _ = tape.autocast(DType.BF16)) {
            int rows = 1 << 16;
            Tensor x = tape.zeros(Shape.of(rows, 4));
            Tensor y = tape.zeros(Shape.of(4, 4));
            x.matmul(y).release();
            long peak = tape.slab().peak();
            x.matmul(y).release();
            assertThat(tape.slab().peak() - peak)
                    .as("bytes of the second product beyond those of the first")
                    .isLessThan(2 * rows);
        }
    }
}
