package io.gatun.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.CrossEntropyOptions;
import io.gatun.autograd.Divergences;
import io.gatun.autograd.Losses;
import io.gatun.autograd.MarginLosses;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Init;
import io.gatun.nn.Loss;
import io.gatun.spec.Reduction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What losses do at the ends of their ranges, what they refuse, and the mistakes that tutorials make about them. */
class LossesTest {
    private static final float NAN = Float.NaN;
    private static final float INFINITY = Float.POSITIVE_INFINITY;

    private final NativeMemory memory = NativeMemory.standard();
    private Kernels kernels;
    private Tape tape;

    @BeforeEach
    void open() {
        kernels = Kernels.open("simd", 1);
        tape = new Tape(kernels, memory);
    }

    @AfterEach
    void close() {
        tape.close();
        kernels.close();
    }

    private Tensor row(float... values) {
        return tape.tensor(Shape.of(values.length), values);
    }

    private float[] each(BiFunction<Tensor, Tensor, Tensor> loss, float[] x, float... t) {
        return loss.apply(row(x), row(t)).toArray();
    }

    private float[] gradient(BiFunction<Tensor, Tensor, Tensor> loss, float[] x, float... t) {
        Tensor prediction = row(x).requiresGrad(true);
        loss.apply(prediction, row(t)).sum().backward();
        return prediction.grad().toArray(ValueLayout.JAVA_FLOAT);
    }

    /** B3: quadratic for |e| up to δ, linear beyond, and not the other way round. */
    @Test
    void b03HuberIsQuadraticNearAndLinearFar() {
        float[] errors = {0.5f, 1, 2, 3};
        BiFunction<Tensor, Tensor, Tensor> huber = (x, t) -> Losses.huber(x, t, 1, Reduction.NONE);
        assertThat(each(huber, errors, 0, 0, 0, 0)).containsExactly(0.125f, 0.5f, 1.5f, 2.5f);
        assertThat(gradient(huber, errors, 0, 0, 0, 0)).containsExactly(0.5f, 1, 1, 1);
    }

    /** B4: where(|e| <= δ, e²/2, δ(|e| - δ/2)) with δ = 1 by default; δ times SmoothL1 with β = δ. */
    @Test
    void b04HuberTakesOneBranchForEachElement() {
        float[] x = {-3, -0.2f, 0, 0.7f, 2.5f};
        float[] t = new float[5];
        assertThat(each((a, b) -> Losses.huber(a, b, 1, Reduction.NONE), x, t))
                .containsExactly(new float[] {2.5f, 0.02f, 0, 0.245f, 2}, within(1e-7f));
        assertThat(Losses.huber(row(x), row(t)).item()).isCloseTo(4.765f / 5, within(1e-6f));
        float[] huber = each((a, b) -> Losses.huber(a, b, 0.5f, Reduction.NONE), x, t);
        float[] smooth =
                each((a, b) -> Losses.smoothL1(a, b, 0.5f, Reduction.NONE).scale(0.5f), x, t);
        assertThat(huber).containsExactly(smooth, within(1e-7f));
    }

    /** B24: of 9 examples of class 0 and 1 of class 1, all equally wrong, cross-entropy sees 9:1; weights make it 1:1. */
    @Test
    void b24CrossEntropySeesImbalanceUnlessClassesAreWeighted() {
        int rows = 10;
        float[] logits = new float[rows * 2];
        int[] classes = new int[rows];
        classes[9] = 1;
        for (int i = 0; i < rows; i++) {
            logits[2 * i] = 1;
        }
        // -log softmax of (1, 0): 0.313262 for class 0 and 1.313262 for class 1.
        Loss plain = Loss.CROSS_ENTROPY;
        Loss weighted = Loss.crossEntropy(CrossEntropyOptions.DEFAULT.withWeight(1, 9));
        assertThat(plain.of(tape.tensor(Shape.of(rows, 2), logits), tape.integers(Shape.of(rows), classes))
                        .item())
                .isCloseTo((9 * 0.313262f + 1.313262f) / 10, within(1e-6f));
        Tensor x = tape.tensor(Shape.of(rows, 2), logits).requiresGrad(true);
        Tensor loss = weighted.of(x, tape.integers(Shape.of(rows), classes));
        assertThat(loss.item()).isCloseTo((9 * 0.313262f + 9 * 1.313262f) / 18, within(1e-6f));
        loss.backward();
        float[] gradient = x.grad().toArray(ValueLayout.JAVA_FLOAT);
        // Class 1's one row pulls 9 times as hard as a row of class 0 at the same probability.
        assertThat(gradient[19] / gradient[1]).isCloseTo(-9 * 0.731059f / 0.268941f, within(1e-3f));
    }

    /** B28: the formula that was left blank, max(τe, (τ-1)e) with e = target - prediction. */
    @Test
    void b28QuantileLossIsThePinball() {
        BiFunction<Tensor, Tensor, Tensor> ninth = (x, t) -> Losses.quantile(x, t, 0.9f, Reduction.NONE);
        assertThat(each(ninth, new float[] {8, 12, 10}, 10, 10, 10))
                .containsExactly(new float[] {1.8f, 0.2f, 0}, within(1e-6f));
        assertThat(gradient(ninth, new float[] {8, 12}, 10, 10))
                .containsExactly(new float[] {-0.9f, 0.1f}, within(1e-6f));
        // Its minimum is the quantile: of 1 to 11, 10 at τ = 0.9, where the slope changes its sign.
        float[] data = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
        float below = sum(gradient(ninth, filled(9.9f), data));
        float above = sum(gradient(ninth, filled(10.1f), data));
        assertThat(below).isNegative();
        assertThat(above).isPositive();
    }

    private static float[] filled(float value) {
        float[] all = new float[11];
        Arrays.fill(all, value);
        return all;
    }

    private static float sum(float... values) {
        float sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }

    @Test
    void certainProbabilitiesCostAtMostAHundred() {
        BiFunction<Tensor, Tensor, Tensor> bce = (x, t) -> Losses.binaryCrossEntropy(x, t, null, Reduction.NONE);
        assertThat(each(bce, new float[] {0, 1, 0, 1}, 0, 1, 1, 0))
                .containsExactly(new float[] {0, 0, 100, 100}, within(0f));
        assertThat(gradient(bce, new float[] {0, 1, 0, 1}, 0, 1, 1, 0)).containsExactly(0, 0, -1e12f, 1e12f);
    }

    @Test
    void infiniteLogitsOfTheRightSignCostNothing() {
        BiFunction<Tensor, Tensor, Tensor> bce =
                (x, t) -> Losses.binaryCrossEntropyWithLogits(x, t, null, Reduction.NONE);
        float[] logits = {INFINITY, -INFINITY, INFINITY, -INFINITY, 200, -200};
        assertThat(each(bce, logits, 1, 0, 0, 1, 0, 1)).containsExactly(0, 0, INFINITY, INFINITY, 200, 200);
        assertThat(gradient(bce, logits, 1, 0, 0, 1, 0, 1)).containsExactly(0, 0, 1, -1, 1, -1);
        BiFunction<Tensor, Tensor, Tensor> focal = (x, t) -> Losses.sigmoidFocal(x, t, -1, 2, Reduction.NONE);
        assertThat(each(focal, logits, 1, 0, 0, 1, 0, 1)).containsExactly(0, 0, INFINITY, INFINITY, 200, 200);
        Tensor certain = tape.tensor(Shape.of(2, 2), 1e4f, -1e4f, -1e4f, 1e4f).requiresGrad(true);
        Tensor loss = Losses.focal(certain, tape.integers(Shape.of(2), 0, 0), 0.5f, null, Reduction.SUM);
        loss.backward();
        assertThat(loss.item()).isEqualTo(2e4f);
        assertThat(certain.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 0, -1, 1);
    }

    @Test
    void nanInNanOut() {
        List<Loss> all = List.of(
                Loss.MSE,
                Loss.L1,
                Loss.SMOOTH_L1,
                Loss.HUBER,
                Loss.BCE,
                Loss.BCE_WITH_LOGITS,
                Loss.HINGE,
                Loss.KL_DIV,
                Loss.quantile(0.3f),
                Loss.sigmoidFocal(0.25f, 2),
                Losses::rmse,
                (x, t) -> Losses.msle(x, t, Reduction.MEAN),
                (x, t) -> MarginLosses.softMargin(x, t, Reduction.SUM),
                Divergences::poissonNll,
                Divergences::gaussianKl);
        for (Loss loss : all) {
            tape.reset();
            Tensor x = row(0.5f, NAN, 0.5f).requiresGrad(true);
            Tensor result = loss.of(x, row(1, 1, 0));
            assertThat(result.item()).as(result.label()).isNaN();
            assertThat(loss.of(row(0.5f, 0.5f), row(1, NAN)).item())
                    .as(result.label())
                    .isNaN();
            if (loss != Loss.KL_DIV) { // its gradient is the target
                result.backward();
                assertThat(x.grad().getAtIndex(ValueLayout.JAVA_FLOAT, 1))
                        .as(result.label())
                        .isNaN();
            }
        }
    }

    /** Squares and products of what is far from 0 and 1, which cancel in the result. */
    @Test
    void largeNumbersDoNotOverflowOnTheWay() {
        Tensor x = row(1e20f, 2e20f).requiresGrad(true);
        Tensor variance = row(1e30f, 4e30f).requiresGrad(true);
        Tensor loss = Divergences.gaussianNll(x, row(0, 0), variance, false, 1e-6f, Reduction.SUM);
        loss.backward();
        assertThat(loss.item()).isCloseTo(1e10f, within(1e4f));
        assertThat(x.grad().get(ValueLayout.JAVA_FLOAT, 0)).isCloseTo(1e-10f, within(1e-15f));
        assertThat(variance.grad().get(ValueLayout.JAVA_FLOAT, 0)).isCloseTo(-5e-21f, within(1e-26f));
        Tensor far = tape.tensor(Shape.of(2, 2), 1e12f, 0, 3e11f, 4e11f);
        Tensor near = tape.tensor(Shape.of(2, 2), 1e12f, 0, 4e11f, 3e11f);
        assertThat(MarginLosses.cosineEmbedding(far, near, row(1, -1), 0, Reduction.NONE)
                        .toArray())
                .containsExactly(new float[] {0, 0.96f}, within(1e-6f));
    }

    /** PyTorch refuses a variance below 0; here it is eps like every other that is too small, to the bit. */
    @Test
    void aVarianceBelowEpsIsEps() {
        Tensor variance = row(-1e10f, -5, 0, 1e-7f, 1e-6f).requiresGrad(true);
        Tensor loss = Divergences.gaussianNll(
                tape.full(Shape.of(5), 1), tape.zeros(Shape.of(5)), variance, false, 1e-6f, Reduction.NONE);
        loss.sum().backward();
        float[] losses = loss.toArray();
        float[] gradients = variance.grad().asSlice(0, 20).toArray(ValueLayout.JAVA_FLOAT);
        for (int i = 0; i < 4; i++) {
            assertThat(losses[i]).isEqualTo(losses[4]);
            assertThat(gradients[i]).isEqualTo(gradients[4]);
        }
        assertThat(losses[4]).isCloseTo(499_993.1f, within(0.1f));
    }

    @Test
    void anEmptyBatchHasNoMean() {
        Tensor nothing = tape.zeros(Shape.of(0, 3));
        assertThat(Losses.mse(nothing, nothing).item()).isNaN();
        assertThat(Losses.mse(nothing, nothing, Reduction.SUM).item()).isZero();
        assertThat(Losses.crossEntropy(nothing, tape.integers(Shape.of(0))).item())
                .isNaN();
        assertThat(Losses.crossEntropy(tape.zeros(Shape.of(2, 3)), tape.integers(Shape.of(2), -100, -100))
                        .item())
                .isNaN();
    }

    @Test
    void whatDoesNotFitIsNamed() {
        Tensor x = tape.zeros(Shape.of(2, 3));
        Tensor learned = tape.zeros(Shape.of(2, 3)).requiresGrad(true);
        CrossEntropyOptions two = CrossEntropyOptions.DEFAULT.withWeight(1, 2);
        assertThatThrownBy(() -> Losses.huber(x, row(1, 2)))
                .hasMessageContaining("huber: prediction [2x3] and target [2]");
        assertThatThrownBy(() -> Losses.binaryCrossEntropyWithLogits(x, learned))
                .hasMessageContaining("target requires a gradient")
                .hasMessageContaining("detach()");
        assertThatThrownBy(() -> Losses.crossEntropy(x, learned)).hasMessageContaining("requires a gradient");
        assertThatThrownBy(() -> Losses.crossEntropy(x, tape.integers(Shape.of(2), 0, 1), two))
                .hasMessageContaining("2 weights for logits [2x3]");
        assertThatThrownBy(() -> Losses.binaryCrossEntropyWithLogits(x, x, new float[2], Reduction.MEAN))
                .hasMessageContaining("2 weights for a prediction [2x3]");
        assertThatThrownBy(() -> Losses.crossEntropy(x, tape.integers(Shape.of(2), 0, 3)))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("row 1 is 3");
        assertThatThrownBy(() -> Losses.quantile(x, x, 1, Reduction.MEAN)).hasMessageContaining("quantile");
        assertThatThrownBy(() -> MarginLosses.multiMargin(x, tape.integers(Shape.of(3), 0, 0, 0)))
                .hasMessageContaining("[2x3] and targets [3]");
        assertThatThrownBy(() -> Divergences.distillation(x, x, 0)).hasMessageContaining("temperature 0.0");
    }

    /** Weights of classes, margins and composed losses: constants that a repetition must find where the code put them. */
    @Test
    void aCapturedStepRepeatsEveryLoss() {
        CrossEntropyOptions options =
                CrossEntropyOptions.DEFAULT.withWeight(1, 2, 3).withLabelSmoothing(0.1f);
        try (Parameters parameters = Parameters.builder()
                        .add("w", Parameter.of(Shape.of(4, 3), Init.uniform(1)))
                        .build(memory, "model", 3);
                Arena arena = Arena.ofConfined()) {
            MemorySegment classes = arena.allocate(16, 64);
            MemorySegment numbers = arena.allocate(48, 64);
            Parameter w = parameters.get("w");
            Supplier<Tensor> code = () -> {
                Tensor y = tape.indices(Shape.of(4), classes);
                Tensor t = tape.input(Shape.of(4, 3), numbers);
                Tensor x = t.mul(w);
                return Losses.crossEntropy(x, y, options)
                        .add(Losses.focal(x, y, 2, new float[] {3, 2, 1}, Reduction.MEAN))
                        .add(Losses.binaryCrossEntropyWithLogits(x, t, new float[] {2}, Reduction.MEAN))
                        .add(MarginLosses.multiMargin(x, y, 2, 1, new float[] {1, 2, 3}, Reduction.SUM))
                        .add(MarginLosses.tripletMargin(x, t, tape.zeros(Shape.of(4, 3))))
                        .add(Divergences.distillation(x, t, 2))
                        .add(Losses.rmse(x, t));
            };
            CapturedStep step = tape.capture(code);
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 12; j++) {
                    numbers.setAtIndex(ValueLayout.JAVA_FLOAT, j, (7 * j + 5 * i) % 11 * 0.1f);
                    classes.setAtIndex(ValueLayout.JAVA_INT, j % 4, (j + i) % 3);
                }
                float repeated = step.forward(i);
                step.backward();
                float[] gradient = w.grad().asSlice(0, 48).toArray(ValueLayout.JAVA_FLOAT);
                assertThat(step.repeating()).isEqualTo(i > 0);
                parameters.zeroGradients();
                try (Tape other = new Tape(kernels, memory)) {
                    Tape mine = tape;
                    tape = other;
                    Tensor loss = code.get();
                    loss.backward();
                    assertThat(loss.item()).isEqualTo(repeated).isPositive();
                    tape = mine;
                }
                assertThat(w.grad().asSlice(0, 48).toArray(ValueLayout.JAVA_FLOAT))
                        .isEqualTo(gradient);
                parameters.zeroGradients();
            }
        }
    }

    /** A row that is ignored counts for nothing, whatever is in it. */
    @Test
    void anIgnoredRowMayBeNaN() {
        float[] logits = {1, 2, NAN, INFINITY, 0, 1};
        for (float smoothing : new float[] {0, 0.1f}) {
            CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withLabelSmoothing(smoothing);
            Tensor x = tape.tensor(Shape.of(3, 2), logits).requiresGrad(true);
            Tensor loss = Losses.crossEntropy(x, tape.integers(Shape.of(3), 1, -100, 0), options);
            Tensor rest = tape.tensor(Shape.of(2, 2), 1, 2, 0, 1);
            assertThat(loss.item())
                    .isEqualTo(Losses.crossEntropy(rest, tape.integers(Shape.of(2), 1, 0), options)
                            .item());
            loss.backward();
            assertThat(Arrays.copyOfRange(x.grad().toArray(ValueLayout.JAVA_FLOAT), 2, 4))
                    .containsExactly(0, 0);
        }
    }

    @Test
    void whatWouldGiveAWrongNumberIsRefused() {
        Tensor x = tape.full(Shape.of(2, 3, 4), 0.5f);
        assertThatThrownBy(() -> Losses.crossEntropy(x, tape.integers(Shape.of(3, 2), 0, 1, 2, 3, 0, 1)))
                .hasMessageContaining("[2x3x4]")
                .hasMessageContaining("[3x2]");
        assertThatThrownBy(() -> Losses.crossEntropy(x, x, CrossEntropyOptions.DEFAULT.withIgnoreIndex(0)))
                .hasMessageContaining("probabilities");
        assertThatThrownBy(() ->
                        Losses.binaryCrossEntropy(row(0.5f), row(1), tape.full(Shape.of(3, 1), 1), Reduction.MEAN))
                .hasMessageContaining("weight [3x1]")
                .hasMessageContaining("prediction [1]");
        assertThatThrownBy(() -> Divergences.gaussianKl(tape.full(Shape.of(), 1), tape.full(Shape.of(), 1)))
                .hasMessageContaining("batch mean");
        assertThatThrownBy(() -> Losses.quantile(row(1), row(1), 2, Reduction.MEAN))
                .hasMessageContaining("tau, must be between 0 and 1");
    }

    /** A factor that is 1 in the captured step and another in its repetition: no gradient may be taken for that of 1. */
    @Test
    void aRepetitionDoesNotKeepAFactorOfOne() {
        try (Parameters parameters = Parameters.builder()
                        .add("w", Parameter.of(Shape.of(2), Init.uniform(1)))
                        .build(memory, "model", 3);
                Arena arena = Arena.ofConfined()) {
            MemorySegment factor = arena.allocate(4, 64);
            Parameter w = parameters.get("w");
            CapturedStep step = tape.capture(() -> {
                Tensor loss = Losses.mse(w, tape.zeros(Shape.of(2)));
                return loss.mul(tape.input(Shape.of(), factor));
            });
            for (int i = 1; i < 4; i++) {
                factor.set(ValueLayout.JAVA_FLOAT, 0, i);
                step.forward(i);
                step.backward();
                assertThat(w.grad().getAtIndex(ValueLayout.JAVA_FLOAT, 0))
                        .isEqualTo(i * w.data().getAtIndex(ValueLayout.JAVA_FLOAT, 0));
                parameters.zeroGradients();
            }
        }
    }
}
