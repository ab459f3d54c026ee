package io.gatun.autograd;

import static io.gatun.autograd.GradientCheck.input;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Images.Norm;
import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Sequences.RecurrentWeights;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.Activation;
import io.gatun.spec.Reduction;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every rule of {@link Gradients} against differences of its own forward. */
class GradientsTest {
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static GradientCheck check(String name) {
        return GradientCheck.of(kernels, name);
    }

    private static float[] plus(float[] values, float offset) {
        float[] moved = values.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += offset;
        }
        return moved;
    }

    private static float[] scaled(float[] values, float factor) {
        float[] product = values.clone();
        for (int i = 0; i < product.length; i++) {
            product[i] *= factor;
        }
        return product;
    }

    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true", "true,true"})
    void matmul(boolean transA, boolean transB) {
        GradientCheck check = check("matmul " + transA + transB);
        check.check(
                (tape, in) -> Matrices.matmul(in[0], in[1], transA, transB),
                transA ? input(check.normal(15), 3, 5) : input(check.normal(15), 5, 3),
                transB ? input(check.normal(21), 7, 3) : input(check.normal(21), 3, 7));
    }

    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true", "true,true"})
    void batchedMatmulWithEachFactorShared(boolean transA, boolean transB) {
        GradientCheck check = check("batched matmul " + transA + transB);
        int[] a = transA ? new int[] {4, 3, 5} : new int[] {4, 5, 3};
        int[] b = transB ? new int[] {4, 2, 3} : new int[] {4, 3, 2};
        int[] oneA = Arrays.copyOfRange(a, 1, 3);
        int[] oneB = Arrays.copyOfRange(b, 1, 3);
        check.check(
                (tape, in) -> Matrices.matmul(in[0], in[1], transA, transB),
                input(check.normal(60), a),
                input(check.normal(24), b));
        check.check(
                (tape, in) -> Matrices.matmul(in[0], in[1], transA, transB),
                input(check.normal(15), oneA),
                input(check.normal(24), b));
        check.check(
                (tape, in) -> Matrices.matmul(in[0], in[1], transA, transB),
                input(check.normal(60), a),
                input(check.normal(6), oneB));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "identity",
                "relu",
                "sigmoid",
                "tanh",
                "gelu",
                "leaky_relu:0.1",
                "elu:0.7",
                "silu",
                "softplus",
                "exp",
                "abs",
                "square",
                "clamp:-0.15:2.5"
            })
    void activation(String name) {
        GradientCheck check = check(name);
        check.check(
                (tape, in) -> Activations.activation(in[0].scale(1), Activation.parse(name)),
                input(check.awayFromZero(33), 3, 11));
    }

    @ParameterizedTest
    @ValueSource(strings = {"log", "sqrt"})
    void activationOfPositiveNumbers(String name) {
        GradientCheck check = check(name);
        check.check(
                (tape, in) -> Activations.activation(in[0].scale(1), Activation.parse(name)),
                input(plus(scaled(check.awayFromZero(33), 0.2f), 2), 3, 11));
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "sigmoid", "tanh", "gelu"})
    void linearWithActivation(String name) {
        GradientCheck check = check("linear " + name);
        check.check(
                (tape, in) -> Matrices.linear(in[0], in[1], in[2], Activation.parse(name)),
                input(check.normal(2 * 3 * 5), 2, 3, 5),
                input(scaled(check.normal(35), 0.4f), 7, 5),
                input(check.normal(7), 7));
        check.check(
                (tape, in) -> Matrices.linear(in[0], in[1], null, Activation.parse(name)),
                input(check.normal(20), 4, 5),
                input(scaled(check.normal(35), 0.4f), 7, 5));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "2,1,1,1", "1,2,2,1", "2,0,1,2", "1,1,1,4"})
    void conv2d(int stride, int padding, int dilation, int groups) {
        GradientCheck check = check("conv2d " + stride + padding + dilation + groups);
        Window window = new Window(stride, padding, dilation, groups);
        check.check(
                (tape, in) -> Images.conv2d(in[0], in[1], in[2], window, Activation.TANH),
                input(check.normal(2 * 7 * 6 * 4), 2, 7, 6, 4),
                input(scaled(check.normal(8 * 9 * 4 / groups), 0.15f), 8, 3, 3, 4 / groups),
                input(check.normal(8), 8));
        check.check(
                (tape, in) -> Images.conv2d(in[0], in[1], null, window),
                input(check.normal(2 * 7 * 6 * 4), 2, 7, 6, 4),
                input(scaled(check.normal(8 * 9 * 4 / groups), 0.15f), 8, 3, 3, 4 / groups));
    }

    @Test
    void convolutionsOfRectanglesAndSequences() {
        GradientCheck check = check("convolutions");
        Window oblong = new Window(2, 1, 1, 0, 0, 2, 1, 2, 2);
        check.check(
                (tape, in) -> Images.conv2d(in[0], in[1], in[2], oblong, Activation.TANH),
                input(check.normal(2 * 7 * 6 * 4), 2, 7, 6, 4),
                input(scaled(check.normal(6 * 6 * 2), 0.2f), 6, 3, 2, 2),
                input(check.normal(6), 6));
        check.check(
                (tape, in) -> Convolutions.conv1d(in[0], in[1], in[2], new Window(2, 1, 2, 2), Activation.GELU),
                input(check.normal(2 * 9 * 4), 2, 9, 4),
                input(scaled(check.normal(6 * 3 * 2), 0.3f), 6, 3, 2),
                input(check.normal(6), 6));
    }

    @ParameterizedTest
    @CsvSource({"1,0,1,1,0", "2,1,1,1,1", "3,1,2,2,2", "2,1,1,4,0"})
    void transposedConvolutions(int stride, int padding, int dilation, int groups, int more) {
        GradientCheck check = check("convTranspose " + stride + padding + dilation + groups + more);
        Window window = new Window(stride, padding, dilation, groups);
        check.check(
                (tape, in) -> Convolutions.transpose2d(in[0], in[1], in[2], window, more, 0),
                input(check.normal(2 * 4 * 3 * 4), 2, 4, 3, 4),
                input(scaled(check.normal(4 * 6 * 8 / groups), 0.3f), 4, 3, 2, 8 / groups),
                input(check.normal(8), 8));
        check.check(
                (tape, in) -> Convolutions.transpose1d(in[0], in[1], null, window, more),
                input(check.normal(2 * 5 * 4), 2, 5, 4),
                input(scaled(check.normal(4 * 3 * 8 / groups), 0.3f), 4, 3, 8 / groups));
    }

    @Test
    void poolsOfAnySize() {
        Pools.Window window = new Pools.Window(3, 2, 2, 1, 1, 0, true);
        GradientCheck max = check("max");
        max.check((tape, in) -> Pools.max2d(in[0], window), input(max.distinct(2 * 6 * 5 * 3), 2, 6, 5, 3));
        max.check((tape, in) -> Pools.max1d(in[0], window), input(max.distinct(2 * 6 * 3), 2, 6, 3));
        max.check((tape, in) -> Pools.adaptiveMax2d(in[0], 4, 3), input(max.distinct(2 * 7 * 5 * 3), 2, 7, 5, 3));
        max.check((tape, in) -> Pools.globalMax(in[0]), input(max.distinct(2 * 4 * 5 * 3), 2, 4, 5, 3));
        GradientCheck avg = check("avg");
        avg.check((tape, in) -> Pools.avg2d(in[0], window, false), input(avg.normal(2 * 6 * 5 * 3), 2, 6, 5, 3));
        avg.check((tape, in) -> Pools.avg1d(in[0], window, true), input(avg.normal(2 * 6 * 3), 2, 6, 3));
        avg.check((tape, in) -> Pools.adaptiveAvg2d(in[0], 4, 3), input(avg.normal(2 * 7 * 5 * 3), 2, 7, 5, 3));
        avg.check((tape, in) -> Pools.adaptiveAvg2d(in[0], 3, 5), input(avg.normal(2 * 6 * 5 * 3), 2, 6, 5, 3));
        avg.check((tape, in) -> Pools.adaptiveAvg1d(in[0], 4), input(avg.normal(2 * 7 * 3), 2, 7, 3));
    }

    @Test
    void pools() {
        GradientCheck max = check("maxPool");
        max.check((tape, in) -> Images.maxPool(in[0], 3, 2, 1), input(max.distinct(2 * 7 * 5 * 3), 2, 7, 5, 3));
        GradientCheck avg = check("avgPool");
        avg.check((tape, in) -> Images.avgPool(in[0], 3, 2, 1), input(avg.normal(2 * 7 * 5 * 3), 2, 7, 5, 3));
        GradientCheck global = check("globalAvgPool");
        global.check((tape, in) -> Images.globalAvgPool(in[0]), input(global.normal(2 * 7 * 5 * 3), 2, 7, 5, 3));
    }

    @ParameterizedTest
    @CsvSource({"true,false,false", "true,true,false", "true,true,true", "false,true,false", "false,true,true"})
    void batchNorm(boolean training, boolean residual, boolean relu) {
        GradientCheck check = check("batchNorm " + training + residual + relu);
        int rows = 2 * 3 * 2;
        int c = 5;
        // |x^| <= sqrt(rows - 1) < 4, so a residual of +-8 decides each ReLU whatever the direction.
        float[] shortcut = new float[rows * c];
        for (int i = 0; i < shortcut.length; i++) {
            shortcut[i] = (i * 7 % 5 < 3 ? 8 : -8) + 0.01f * i;
        }
        GradientCheck.Input src = input(check.normal(rows * c), 2, 3, 2, c);
        GradientCheck.Input gamma = input(new float[] {1, 0.5f, -0.7f, 0.9f, 0.3f}, c);
        GradientCheck.Input beta = input(new float[] {0, 0.5f, -0.3f, 0.1f, 1}, c);
        GradientCheck.Input added = input(shortcut, 2, 3, 2, c);
        check.check(
                (tape, in) -> {
                    Tensor mean = tape.tensor(Shape.of(c), 0.1f, -0.2f, 0.3f, 0, 0);
                    Tensor var = tape.tensor(Shape.of(c), 1, 2, 0.5f, 1, 0.8f);
                    Norm norm = new Norm(in[1], in[2], mean, var, null, 1e-5f, 0.1f, training);
                    return Images.batchNorm(in[0], norm, residual ? in[3] : null, relu);
                },
                residual
                        ? new GradientCheck.Input[] {src, gamma, beta, added}
                        : new GradientCheck.Input[] {src, gamma, beta});
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "6"})
    void groupAndInstanceNorm(int groups) {
        GradientCheck check = check("groupNorm " + groups);
        check.check(
                (tape, in) -> Norms.groupNorm(in[0], groups, in[1], in[2], 1e-3f),
                input(check.normal(2 * 5 * 6), 2, 5, 6),
                input(plus(check.normal(6), 2), 6),
                input(check.normal(6), 6));
        check.check((tape, in) -> Norms.groupNorm(in[0], groups, null, null, 1e-3f), input(check.normal(60), 2, 5, 6));
        check.check(
                (tape, in) -> Norms.instanceNorm(in[0], in[1], null, null, null, 0, 1e-3f),
                input(check.normal(60), 2, 5, 6),
                input(check.normal(6), 6));
    }

    @Test
    void layerNorm() {
        GradientCheck check = check("layerNorm");
        Shape normalized = Shape.of(3, 5);
        check.check(
                (tape, in) -> Norms.layerNorm(in[0], normalized, in[1], in[2], 1e-5f),
                input(check.normal(4 * 15), 4, 3, 5),
                input(plus(check.normal(15), 2), 3, 5),
                input(check.normal(15), 3, 5));
        check.check(
                (tape, in) -> Norms.layerNorm(in[0], normalized, in[1], null, 1e-5f),
                input(check.normal(15), 3, 5),
                input(check.normal(15), 3, 5));
        check.check(
                (tape, in) -> Norms.layerNorm(in[0], Shape.of(5), null, null, 1e-5f), input(check.normal(60), 4, 3, 5));
    }

    @ParameterizedTest
    @CsvSource({"add", "sub", "mul", "div"})
    void binary(String op) {
        GradientCheck check = check(op);
        java.util.function.BinaryOperator<Tensor> f =
                switch (op) {
                    case "add" -> Tensor::add;
                    case "sub" -> Tensor::sub;
                    case "mul" -> Tensor::mul;
                    default -> Tensor::div;
                };
        int[][] seconds = {{3, 4, 5}, {5}, {4, 5}, {3, 1, 1}, {3, 4, 1}, {1}};
        for (int[] second : seconds) {
            int count = Arrays.stream(second).reduce(1, (x, y) -> x * y);
            check.check(
                    (tape, in) -> f.apply(in[0], in[1]),
                    input(check.normal(60), 3, 4, 5),
                    input(plus(scaled(check.awayFromZero(count), 0.2f), 2), second));
        }
        if (!op.equals("div")) {
            check.check(
                    (tape, in) -> f.apply(in[0], in[1]), input(check.normal(5), 5), input(check.normal(60), 3, 4, 5));
        }
        check.check((tape, in) -> f.apply(in[0].scale(2), in[0]).add(in[0]), input(plus(check.normal(6), 9), 6));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "1", "2", "0,1", "1,2", "0,2", "0,1,2"})
    void reductions(String list) {
        int[] axes = list.isEmpty()
                ? new int[0]
                : Arrays.stream(list.split(",")).mapToInt(Integer::parseInt).toArray();
        GradientCheck check = check("reduce " + list);
        check.check((tape, in) -> in[0].sum(axes), input(check.normal(60), 3, 4, 5));
        check.check((tape, in) -> in[0].mean(axes), input(check.normal(60), 3, 4, 5));
        check.check((tape, in) -> Arithmetic.sumOfSquares(in[0], axes), input(check.normal(60), 3, 4, 5));
    }

    @Test
    void views() {
        GradientCheck check = check("views");
        check.check((tape, in) -> in[0].permute(2, 0, 1), input(check.normal(60), 3, 4, 5));
        check.check((tape, in) -> in[0].permute(1, 2, 0).mul(in[0].reshape(4, 5, 3)), input(check.normal(60), 3, 4, 5));
        check.check((tape, in) -> in[0].transpose(0, -1), input(check.normal(60), 3, 4, 5));
        check.check((tape, in) -> in[0].flatten(1).mul(in[0].reshape(-1, 20)), input(check.normal(60), 3, 4, 5));
        check.check((tape, in) -> in[0].scale(-1.5f), input(check.normal(60), 60));
    }

    @Test
    void softmaxes() {
        GradientCheck check = check("softmax");
        check.check((tape, in) -> Activations.softmax(in[0]), input(check.normal(35), 5, 7));
        check.check((tape, in) -> Activations.logSoftmax(in[0]), input(check.normal(35), 5, 7));
    }

    @Test
    void losses() {
        GradientCheck check = check("losses");
        check.check(
                (tape, in) -> Losses.crossEntropy(in[0], tape.integers(Shape.of(5), 0, 6, 3, -100, 2)),
                input(check.normal(35), 5, 7));
        check.check(
                (tape, in) -> Losses.mse(in[0], in[1]), input(check.normal(35), 5, 7), input(check.normal(35), 5, 7));
        for (Reduction reduction : Reduction.values()) {
            check.check(
                    (tape, in) -> Losses.mse(in[0], in[1], reduction).scale(3),
                    input(check.normal(35), 5, 7),
                    input(check.normal(35), 5, 7));
            check.check(
                    (tape, in) -> Losses.binaryCrossEntropyWithLogits(
                            in[0], tape.tensor(Shape.of(5, 7), new float[35]), new float[] {2}, Reduction.NONE),
                    input(check.normal(35), 5, 7));
        }
        CrossEntropyOptions each = CrossEntropyOptions.DEFAULT
                .withReduction(Reduction.NONE)
                .withLabelSmoothing(0.1f)
                .withWeight(1, 2, 3, 4, 5, 6, 7);
        check.check(
                (tape, in) -> Losses.crossEntropy(in[0], tape.integers(Shape.of(5), 0, 6, 3, -100, 2), each),
                input(check.normal(35), 5, 7));
        check.check(
                (tape, in) -> MarginLosses.multiMargin(in[0], tape.integers(Shape.of(5), 0, 6, 3, 1, 2)),
                input(check.awayFromZero(35), 5, 7));
        check.check(
                (tape, in) -> Divergences.distillation(in[0], tape.tensor(Shape.of(5, 7), new float[35]), 2),
                input(check.normal(35), 5, 7));
    }

    @Test
    void embeddingAndDropout() {
        GradientCheck check = check("embedding");
        check.check(
                (tape, in) -> Sequences.embedding(in[0], tape.integers(Shape.of(2, 3), 1, 4, 1, 0, 1, 3))
                        .add(Sequences.embedding(in[0], tape.integers(Shape.of(2, 3), 1, 2, 2, 0, 0, 0))),
                input(check.normal(30), 5, 6));
        check.check((tape, in) -> Activations.dropout(in[0], 0.4f), input(check.normal(60), 60));
    }

    @ParameterizedTest
    @ValueSource(strings = {"output", "h", "c", "all"})
    void lstm(String result) {
        GradientCheck check = check("lstm " + result).step(1.0 / 128);
        int t = 4;
        int b = 3;
        int i = 5;
        int h = 6;
        check.check(
                (tape, in) -> {
                    var weights = new RecurrentWeights(in[1], in[2], in[3], in[4]);
                    var ran = Sequences.lstm(in[0], weights, new LstmState(in[5], in[6]));
                    return switch (result) {
                        case "output" -> ran.output();
                        case "h" -> ran.last().h();
                        case "c" -> ran.last().c();
                        default ->
                            ran.output()
                                    .sum(0)
                                    .add(ran.last().h())
                                    .mul(ran.last().c());
                    };
                },
                input(check.normal(t * b * i), t, b, i),
                input(scaled(check.normal(4 * h * i), 0.4f), 4 * h, i),
                input(scaled(check.normal(4 * h * h), 0.4f), 4 * h, h),
                input(check.normal(4 * h), 4 * h),
                input(check.normal(4 * h), 4 * h),
                input(check.normal(b * h), b, h),
                input(check.normal(b * h), b, h));
    }

    @ParameterizedTest
    @CsvSource({"gru, output", "gru, h", "gru, all", "rnn, output", "rnn, h", "rnn, all"})
    void layersOfOneState(String cell, String result) {
        GradientCheck check = check(cell + " " + result).step(1.0 / 128);
        int gates = cell.equals("gru") ? 3 : 1;
        int t = 4;
        int b = 3;
        int i = 5;
        int h = 6;
        check.check(
                (tape, in) -> {
                    var weights = new RecurrentWeights(in[1], in[2], in[3], in[4]);
                    var ran = gates == 3
                            ? Sequences.gru(in[0], weights, in[5])
                            : Sequences.rnn(in[0], weights, Activation.TANH, in[5]);
                    return switch (result) {
                        case "output" -> ran.output();
                        case "h" -> ran.last();
                        default -> ran.output().sum(0).mul(ran.last());
                    };
                },
                input(check.normal(t * b * i), t, b, i),
                input(scaled(check.normal(gates * h * i), 0.4f), gates * h, i),
                input(scaled(check.normal(gates * h * h), 0.4f), gates * h, h),
                input(check.normal(gates * h), gates * h),
                input(check.normal(gates * h), gates * h),
                input(check.normal(b * h), b, h));
    }

    /** Steps before an LSTM and behind it turned round, so that the gather's gradient is on the way. */
    @Test
    void reverse() {
        GradientCheck check = check("reverse");
        check.check(
                (tape, in) -> Sequences.reverse(in[0]).mul(in[1]),
                input(check.normal(24), 4, 2, 3),
                input(check.normal(24), 4, 2, 3));
    }

    /** One sequence is empty, one as long as the batch; results come in the caller's order, behind the ends are zeros. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void packed(boolean reversed) {
        GradientCheck check = check("packed " + reversed);
        check.check(
                (tape, in) -> {
                    PackedSequences packed = PackedSequences.pack(in[0], 2, 0, 4, 2);
                    PackedSequences read = reversed ? packed.reversed() : packed;
                    Tensor states = in[2];
                    for (PackedSequences.Stretch stretch : read.stretches()) {
                        Tensor alive = read.sorted(states).narrow(0, 0, stretch.alive());
                        Tensor rest = read.sorted(states).narrow(0, stretch.alive(), 4 - stretch.alive());
                        Tensor next = alive.mul(read.at(stretch).sum(0));
                        states = read.restored(Pieces.concat(0, next, rest));
                    }
                    Tensor squares = read.with(read.data().mul(read.data())).pad();
                    return squares.mul(in[1]).sum(0).add(states);
                },
                input(check.normal(48), 4, 4, 3),
                input(check.normal(48), 4, 4, 3),
                input(check.normal(12), 4, 3));
    }

    /** Data that needs no gradient: the kernel makes none, and all others are the same to the bit. */
    @ParameterizedTest
    @ValueSource(strings = {"lstm", "gru", "rnn"})
    void aConstantSourceLeavesTheOtherGradientsAsTheyAre(String cell) {
        GradientCheck check = check(cell);
        float[] src = check.normal(4 * 3 * 5);
        float[] ih = check.normal(24 * 5);
        float[] hh = check.normal(24 * 6);
        float[] bias = check.normal(24);
        float[][] constant = recurrent(cell, false, src, ih, hh, bias);
        float[][] wanted = recurrent(cell, true, src, ih, hh, bias);
        assertThat(constant[0]).isNull();
        assertThat(wanted[0]).isNotNull();
        for (int i = 1; i < wanted.length; i++) {
            assertThat(constant[i]).as("gradient %d", i).isEqualTo(wanted[i]).doesNotContain(Float.NaN);
            assertThat(constant[i]).as("gradient %d", i).isNotEqualTo(new float[constant[i].length]);
        }
    }

    /** The gradients of src, which is null if none is wanted, and of the weights. */
    private float[][] recurrent(String cell, boolean wanted, float[] src, float[] ih, float[] hh, float[] bias) {
        int gates =
                switch (cell) {
                    case "lstm" -> 4;
                    case "gru" -> 3;
                    default -> 1;
                };
        try (Tape tape = new Tape(kernels, new NativeMemory(new MemoryBudget(1L << 30), true))) {
            tape.reset(1);
            Tensor[] in = {
                tape.tensor(Shape.of(4, 3, 5), src).requiresGrad(wanted),
                tape.tensor(Shape.of(gates * 6, 5), Arrays.copyOf(ih, gates * 30))
                        .requiresGrad(true),
                tape.tensor(Shape.of(gates * 6, 6), Arrays.copyOf(hh, gates * 36))
                        .requiresGrad(true),
                tape.tensor(Shape.of(gates * 6), Arrays.copyOf(bias, gates * 6)).requiresGrad(true)
            };
            var weights = new RecurrentWeights(in[1], in[2], in[3], null);
            Tensor out =
                    switch (cell) {
                        case "lstm" -> Sequences.lstm(in[0], weights, null).output();
                        case "gru" -> Sequences.gru(in[0], weights, null).output();
                        default ->
                            Sequences.rnn(in[0], weights, Activation.TANH, null).output();
                    };
            out.mul(out).sum().backward();
            return Arrays.stream(in)
                    .map(i -> i.grad() == null ? null : i.grad().toArray(ValueLayout.JAVA_FLOAT))
                    .toArray(float[][]::new);
        }
    }
}
