package io.gatun.autograd;

import static io.gatun.autograd.GradientCheck.input;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Broadcasting, extremes, choices, powers and moments: values, gradients, refusals. */
class ArithmeticTest {
    private static Kernels kernels;
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 24), true);
    private Tape tape;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    @BeforeEach
    void begin() {
        tape = new Tape(kernels, memory);
    }

    @AfterEach
    void end() {
        tape.close();
        assertThat(memory.leaks()).isEmpty();
    }

    private Tensor vector(float... values) {
        return tape.tensor(Shape.of(values.length), values);
    }

    private static int[] dims(String text) {
        return text.isEmpty()
                ? new int[0]
                : Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray();
    }

    private static float[] plus(float[] values, float offset) {
        for (int i = 0; i < values.length; i++) {
            values[i] += offset;
        }
        return values;
    }

    @ParameterizedTest
    @CsvSource({
        "2x1x3x3, 2x4x3x3, 2x4x3x3",
        "4x3x3, 2x1x3x3, 2x4x3x3",
        "3x1, 1x4, 3x4",
        "3x1, 3, 3x3",
        "5, 2x5, 2x5",
        "1x1x5, 2x5, 1x2x5",
        "2x1x5, 1x3x1, 2x3x5",
        "1, 2x2, 2x2",
        "2x1, '', 2x1"
    })
    void operandsBroadcastOnEitherSide(String first, String second, String result) {
        int[] a = dims(first);
        int[] b = dims(second);
        GradientCheck check = GradientCheck.of(kernels, first + " " + second).step(1.0 / 64);
        int m = (int) Shape.of(a).elements();
        int n = (int) Shape.of(b).elements();
        List<BinaryOperator<Tensor>> operations = List.of(Tensor::add, Tensor::sub, Tensor::mul, Tensor::div);
        float[] one = plus(check.distinct(m), 8);
        float[] two = plus(check.distinct(n), 8.1f);
        for (BinaryOperator<Tensor> operation : operations) {
            check.check((tape, in) -> operation.apply(in[0], in[1]), input(one, a), input(two, b));
        }
        check.check((tape, in) -> in[0].maximum(in[1]).mul(in[0].minimum(in[1])), input(one, a), input(two, b));
        Tensor sum = tape.tensor(Shape.of(a), one).add(tape.tensor(Shape.of(b), two));
        assertThat(sum.shape()).isEqualTo(Shape.of(dims(result)));
    }

    @Test
    void productsBroadcastTheirBatches() {
        GradientCheck check = GradientCheck.of(kernels, "matmul batches");
        GradientCheck.Input a = GradientCheck.input(check.normal(12), 2, 1, 2, 3);
        GradientCheck.Input b = GradientCheck.input(check.normal(36), 3, 3, 4);
        check.check((tape, in) -> in[0].matmul(in[1]), a, b);
        Tensor one = tape.tensor(Shape.of(1, 1, 2), 1, 2);
        Tensor two = tape.tensor(Shape.of(2, 2, 1), 1, 10, 2, 20);
        Tensor product = one.matmul(two);
        assertThat(product.shape()).isEqualTo(Shape.of(2, 1, 1));
        assertThat(product.toArray()).containsExactly(21, 42);
    }

    @Test
    void shapesThatDoNotBroadcastAreRefused() {
        Tensor a = tape.zeros(Shape.of(2, 3));
        assertThatThrownBy(() -> a.add(tape.zeros(Shape.of(2, 4))))
                .hasMessageContaining("add")
                .hasMessageContaining("[2x3]")
                .hasMessageContaining("[2x4]");
        assertThatThrownBy(() -> Choices.where(a, a, tape.zeros(Shape.of(3, 3))))
                .hasMessageContaining("[3x3]");
    }

    @Test
    void equalOperandsOfAnExtremeShareTheGradient() {
        Tensor a = vector(1, 2, 3, Float.NaN).requiresGrad(true);
        Tensor b = vector(2, 2, 2, 0).requiresGrad(true);
        Tensor larger = a.maximum(b);
        Tensor smaller = a.minimum(b);
        assertThat(larger.toArray()).containsExactly(2, 2, 3, Float.NaN);
        assertThat(smaller.toArray()).containsExactly(1, 2, 2, Float.NaN);
        larger.scale(10).add(smaller).narrow(0, 0, 3).sum().backward();
        assertThat(Arrays.copyOf(a.grad().toArray(ValueLayout.JAVA_FLOAT), 3)).containsExactly(1, 5.5f, 10);
        assertThat(Arrays.copyOf(b.grad().toArray(ValueLayout.JAVA_FLOAT), 3)).containsExactly(10, 5.5f, 1);
    }

    /** A plain ReLU's gradient at 0 is 0 (B25), a step's is 0 everywhere, a clamp's 1 on its bounds. */
    @Test
    void b25GradientsAtKinks() {
        Tensor x = vector(-1, 0, 1).requiresGrad(true);
        x.relu().sum().backward();
        assertThat(x.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 0, 1);
        Tensor y = vector(-1, 0, 1, 2).requiresGrad(true);
        y.clamp(-1, 1).sum().backward();
        assertThat(y.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(1, 1, 1, 0);
        Tensor z = vector(-1, 0, 1).requiresGrad(true);
        Tensor steps = Activations.activation(z, io.gatun.spec.Activation.STEP);
        assertThat(steps.toArray()).containsExactly(0, 1, 1);
        steps.sum().backward();
        assertThat(z.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 0, 0);
        Tensor w = vector(-2, 0, 3).requiresGrad(true);
        w.abs().sum().backward();
        assertThat(w.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(-1, 0, 1);
    }

    @Test
    void whatIsNotChosenDoesNotMatter() {
        Tensor mask = vector(1, 0, 1);
        Tensor a = vector(1, Float.NaN, 3).requiresGrad(true);
        Tensor b = vector(Float.POSITIVE_INFINITY, 5, Float.NaN).requiresGrad(true);
        Tensor chosen = Choices.where(mask, a, b);
        assertThat(chosen.toArray()).containsExactly(1, 5, 3);
        chosen.sum().backward();
        assertThat(a.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(1, 0, 1);
        assertThat(b.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 1, 0);
        Tensor scores = tape.tensor(Shape.of(2, 3), 1, 2, 3, 4, 5, 6).requiresGrad(true);
        Tensor masked = scores.maskedFill(vector(0, 0, 1), Float.NEGATIVE_INFINITY);
        assertThat(masked.softmax().toArray()[2]).isZero();
        masked.softmax().square().sum().backward();
        assertThat(scores.grad().toArray(ValueLayout.JAVA_FLOAT)[5]).isZero();
        assertThat(scores.grad().toArray(ValueLayout.JAVA_FLOAT)[4]).isNotZero();
    }

    @Test
    void choicesAndPowers() {
        GradientCheck check = GradientCheck.of(kernels, "where");
        check.check(
                (tape, in) -> Choices.where(tape.tensor(Shape.of(3, 1), 1, 0, 1), in[0], in[1]),
                input(check.normal(12), 3, 4),
                input(check.normal(4), 4));
        check.check(
                (tape, in) -> Choices.where(tape.tensor(Shape.of(2, 3), 1, 0, 1, 1, 0, 0), in[0], in[1]),
                input(check.normal(1), 1),
                input(check.normal(6), 2, 3));
        float[] positive = plus(check.distinct(8), 3);
        for (float exponent : new float[] {-1, 0.5f, 1, 1.7f, 2, 3}) {
            check.check((tape, in) -> in[0].pow(exponent), input(positive, 8));
        }
        assertThat(vector(-2, 3).pow(3).toArray()).containsExactly(-8, 27);
        assertThat(vector(-2, 3).pow(0).toArray()).containsExactly(1, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, -1})
    void extremesAlongAnAxis(int axis) {
        GradientCheck check = GradientCheck.of(kernels, "extremes " + axis);
        check.check((tape, in) -> in[0].max(axis).sub(in[0].min(axis).scale(2)), input(check.distinct(60), 3, 4, 5));
    }

    @Test
    void theFirstExtremeIsMeantAndNaNShows() {
        Tensor x = tape.tensor(Shape.of(2, 3), 7, 7, 1, 2, Float.NaN, 9).requiresGrad(true);
        Tensor max = x.max(1);
        assertThat(max.toArray()).containsExactly(7, Float.NaN);
        assertThat(Extremes.argmax(x, 1).data().toArray(ValueLayout.JAVA_INT)).containsExactly(0, 1);
        assertThat(Extremes.argmin(x, 0).data().toArray(ValueLayout.JAVA_INT)).containsExactly(1, 1, 0);
        max.sum().backward();
        assertThat(x.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(1, 0, 0, 0, 1, 0);
    }

    @Test
    void variances() {
        Tensor x = tape.tensor(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        // The tutorial's 2.5 and 2.92 are column 0's mean and the variance of all six (B7); by column they are these.
        assertThat(Statistics.var(x, 0, 0).toArray()).containsExactly(2.25f, 2.25f, 2.25f);
        assertThat(x.mean(0).toArray()).containsExactly(2.5f, 3.5f, 4.5f);
        assertThat(x.var(0).toArray()).containsExactly(4.5f, 4.5f, 4.5f);
        assertThat(x.var().item()).isEqualTo(3.5f);
        // A mean that is large beside the deviations.
        assertThat(vector(10_000, 10_001, 10_002).var().item()).isEqualTo(1);
        GradientCheck check = GradientCheck.of(kernels, "var");
        check.check((tape, in) -> in[0].var(0, 2), input(check.normal(60), 3, 4, 5));
        check.check((tape, in) -> Statistics.var(in[0], 0), input(check.normal(12), 3, 4));
        assertThatThrownBy(() -> vector(1).var()).hasMessageContaining("correction 1");
    }
}
