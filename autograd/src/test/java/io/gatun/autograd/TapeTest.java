package io.gatun.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the tape promises beyond single rules: accumulation, sharing, detaching, and refusals that name the culprit. */
class TapeTest {
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), true);
    private Kernels kernels;
    private Tape tape;
    private Parameter w;
    private Parameter b;
    private Parameters parameters;

    @BeforeEach
    void open() {
        kernels = Kernels.open("simd", 1);
        tape = new Tape(kernels, memory, 0, 7);
        w = Parameter.of(Shape.of(1, 2), (values, shape, seed, index) -> {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 2);
            values.setAtIndex(ValueLayout.JAVA_FLOAT, 1, 3);
        });
        b = Parameter.of(Shape.of(1), Initializer.ONES);
        parameters = Parameters.builder().add("w", w).add("b", b).build(memory, "test", 0);
    }

    @AfterEach
    void close() {
        tape.close();
        parameters.close();
        kernels.close();
        assertThat(memory.leaks()).isEmpty();
        assertThat(memory.budget().used()).isZero();
    }

    private Tensor x(float first, float second) {
        return tape.tensor(Shape.of(1, 2), first, second);
    }

    /** w · x + b for x = (first, second). */
    private Tensor line(float first, float second) {
        return Matrices.linear(x(first, second), w, b).sum();
    }

    private float[] gradient(Parameter parameter) {
        return parameter.grad().toArray(ValueLayout.JAVA_FLOAT);
    }

    @Test
    void twoBackwardsAccumulateAndAStepEmpties() {
        line(5, 7).backward();
        assertThat(gradient(w)).containsExactly(5, 7);
        tape.reset();
        line(1, 2).scale(3).backward();
        assertThat(gradient(w)).containsExactly(8, 13);
        assertThat(gradient(b)).containsExactly(4);
        parameters.zeroGradients();
        assertThat(gradient(w)).containsExactly(0, 0);
        tape.reset();
        line(1, 2).backward();
        assertThat(gradient(w)).containsExactly(1, 2);
    }

    @Test
    void firstContributionOverwritesWhatAnOptimizerHasUsedUp() {
        line(5, 7).backward();
        // NaN shows that nothing of it is read.
        parameters.gradients().setAtIndex(ValueLayout.JAVA_FLOAT, 0, Float.NaN);
        parameters.stepped();
        tape.reset();
        line(5, 7).backward();
        assertThat(gradient(w)).containsExactly(5, 7);
    }

    @Test
    void whatAStepDidNotReachIsZeroForTheOptimizerAndForCallers() {
        line(5, 7).backward();
        parameters.stepped();
        tape.reset();
        w.requiresGrad(false);
        line(5, 7).backward();
        assertThat(parameters.gradientsToRead().asSlice(0, 8).toArray(ValueLayout.JAVA_FLOAT))
                .containsExactly(0, 0);
        assertThat(gradient(b)).containsExactly(1);
        parameters.stepped();
        assertThat(gradient(b)).containsExactly(0);
        assertThat(gradient(w)).containsExactly(0, 0);
    }

    @Test
    void gradientThatACallerWroteIsUsedOnce() {
        w.grad().setAtIndex(ValueLayout.JAVA_FLOAT, 1, 9);
        for (float expected : new float[] {9, 0, 0}) {
            assertThat(parameters.gradientsToRead().getAtIndex(ValueLayout.JAVA_FLOAT, 1))
                    .isEqualTo(expected);
            parameters.stepped();
        }
        w.grad();
        line(5, 7).backward();
        assertThat(gradient(w)).containsExactly(5, 7);
    }

    @Test
    void rulesThatAddBeginWithZeros() {
        Parameter table = Parameter.of(Shape.of(3, 1), Initializer.ZEROS);
        try (Parameters own = Parameters.builder().add("table", table).build(memory, "table", 1)) {
            table.grad().fill((byte) -1);
            own.stepped();
            Sequences.embedding(table, tape.integers(Shape.of(2), 2, 2)).sum().backward();
            assertThat(gradient(table)).containsExactly(0, 0, 2);
        }
    }

    @Test
    void sharedParameterGetsTheSumOfItsUses() {
        line(5, 7).add(line(10, 20)).mul(line(1, 1)).backward();
        // (f + g) h with f = 32, g = 81, h = 6: dw = h (x_f + x_g) + (f + g) x_h
        assertThat(gradient(w)).containsExactly(6 * 15 + 113, 6 * 27 + 113);
        assertThat(gradient(b)).containsExactly(6 * 2 + 113);
    }

    @Test
    void parameterAsBothFactorsOfOneOperation() {
        Tensor one = tape.tensor(Shape.of(1, 2), 1, 1);
        Matrices.matmul(one.mul(w), w, false, true).sum().backward();
        assertThat(gradient(w)).containsExactly(4, 6);
    }

    @Test
    void detachedBranchesGetNothing() {
        Tensor f = line(5, 7);
        f.mul(line(1, 1).detach()).backward();
        assertThat(gradient(w)).containsExactly(30, 42);
        assertThat(f.detach().requiresGrad()).isFalse();
        assertThat(f.detach().data().address()).isEqualTo(f.data().address());
    }

    @Test
    void noGradRecordsNothing() {
        try (var _ = tape.noGrad()) {
            assertThat(tape.recording()).isFalse();
            try (var _ = tape.noGrad()) {
                assertThat(line(1, 1).requiresGrad()).isFalse();
            }
            Tensor quiet = line(1, 1);
            assertThatThrownBy(quiet::backward)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no recorded operation");
        }
        assertThat(line(1, 1).requiresGrad()).isTrue();
    }

    @Test
    void closingNoGradTwiceClosesItOnce() {
        Tape.NoGrad quiet = tape.noGrad();
        quiet.close();
        quiet.close();
        assertThat(tape.recording()).isTrue();
        try (var _ = tape.noGrad()) {
            assertThat(line(1, 1).requiresGrad()).isFalse();
        }
    }

    @Test
    void wholeNumbersAreNotReadAsFloats() {
        Tensor most = Extremes.argmax(tape.tensor(Shape.of(2, 3), 1, 2, 3, 6, 5, 4), 1);
        assertThat(most.toIntArray()).containsExactly(2, 0);
        assertThat(Extremes.argmax(tape.tensor(Shape.of(3), 1, 3, 2), 0).item()).isEqualTo(1);
        assertThatThrownBy(most::toArray).hasMessageContaining("argmax [2] is i32, must be f32");
        assertThatThrownBy(() -> most.copyFrom(1, 2)).hasMessageContaining("must be f32");
        assertThatThrownBy(() -> tape.integers(Shape.of(1), 1).requiresGrad(true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("requiresGrad")
                .hasMessageContaining("must be f32");
        assertThatThrownBy(() -> x(1, 1).toIntArray()).hasMessageContaining("must be i32");
    }

    @Test
    void frozenParametersAreLeftAlone() {
        w.requiresGrad(false);
        line(5, 7).backward();
        assertThat(gradient(w)).containsExactly(0, 0);
        assertThat(gradient(b)).containsExactly(1);
    }

    @Test
    void secondBackwardNamesTheOperationAndChangesNothing() {
        Tensor loss = line(5, 7);
        loss.backward();
        assertThatThrownBy(loss::backward)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("reduce")
                .hasMessageContaining("backward(true)");
        assertThat(gradient(w)).containsExactly(5, 7);
    }

    @Test
    void secondBackwardThroughASharedTrunkNamesTheTrunk() {
        Tensor trunk = Matrices.linear(x(5, 7), w, b);
        Tensor first = trunk.scale(2).sum();
        Tensor second = trunk.scale(3).sum();
        first.backward();
        assertThatThrownBy(second::backward).hasMessageContaining("linear");
        assertThat(gradient(w)).containsExactly(10, 14);
    }

    @Test
    void retainedGraphGoesTwice() {
        Tensor trunk = Matrices.linear(x(5, 7), w, b);
        Tensor first = trunk.scale(2).sum();
        Tensor second = trunk.mul(trunk).sum();
        first.backward(true);
        first.backward(true);
        second.backward();
        // 2 · 2x + 2 · 32 x
        assertThat(gradient(w)).containsExactly(68 * 5, 68 * 7);
    }

    @Test
    void leafGradientsAccumulateToo() {
        Tensor x = x(5, 7).requiresGrad(true);
        Tensor loss = Matrices.linear(x, w, b).sum().add(x.sum());
        loss.backward(true);
        assertThat(x.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(3, 4);
        loss.backward();
        assertThat(x.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(6, 8);
    }

    @Test
    void changeInPlaceOfASavedTensorNamesTensorAndOperation() {
        Tensor y = Matrices.linear(x(5, 7), w, b);
        Tensor loss = y.mul(y).sum();
        y.copyFrom(1);
        assertThatThrownBy(loss::backward)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("linear [1x1]")
                .hasMessageContaining("mul");
        assertThat(gradient(w)).containsExactly(0, 0);
    }

    @Test
    void changeThroughAViewCountsAndAnUnsavedTensorMayChange() {
        Tensor y = x(5, 7).requiresGrad(true).scale(2);
        Tensor square = y.mul(y);
        Tensor view = y.reshape(2);
        view.copyFrom(0, 0);
        Tensor loss = square.sum();
        assertThatThrownBy(loss::backward).hasMessageContaining("changed in place");

        Tensor z = x(5, 7).requiresGrad(true);
        Tensor scaled = z.scale(2);
        scaled.copyFrom(0, 0);
        scaled.sum().backward();
        assertThat(z.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(2, 2);
    }

    @Test
    void optimizerStepBeforeBackwardIsAChangeInPlace() {
        Tensor x = x(5, 7).requiresGrad(true);
        Tensor loss = Matrices.linear(x, w, b).sum();
        parameters.stepped();
        assertThatThrownBy(loss::backward).hasMessageContaining("w [1x2] was changed in place after linear");
    }

    @Test
    void useAfterTheStepNamesTheTensor() {
        Tensor loss = line(5, 7);
        Tensor x = x(1, 1);
        tape.reset();
        assertThatThrownBy(loss::item).isInstanceOf(IllegalStateException.class).hasMessageContaining("sum []");
        assertThatThrownBy(loss::backward)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("step");
        assertThatThrownBy(() -> Matrices.linear(x, w, b)).hasMessageContaining("input [1x2]");
        assertThatThrownBy(x::grad).hasMessageContaining("input [1x2]");
    }

    @Test
    void sameAddressesEveryStep() {
        long[] addresses = IntStream.range(0, 3)
                .mapToLong(i -> {
                    tape.reset();
                    Tensor loss = line(5, 7);
                    loss.backward();
                    return loss.data().address();
                })
                .toArray();
        assertThat(addresses[2]).isEqualTo(addresses[1]);
        assertThat(tape.slab().peak()).isPositive();
    }

    @Test
    void shapesThatDoNotFitAreNamedWithTheFix() {
        Tensor x = tape.tensor(Shape.of(1, 3), 1, 2, 3);
        assertThatThrownBy(() -> Matrices.linear(x, w, b))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("linear")
                .hasMessageContaining("[1x3]")
                .hasMessageContaining("[1x2]");
        assertThatThrownBy(() -> x.add(x(1, 1))).hasMessageContaining("[1x3] and [1x2] do not fit");
        assertThatThrownBy(() -> x.matmul(x)).hasMessageContaining("inner sizes 3 and 1");
        assertThatThrownBy(() -> x.reshape(2, -1)).hasMessageContaining("cannot become [2, -1]");
        assertThatThrownBy(() -> Losses.mse(x, x(1, 1))).hasMessageContaining("[1x3] and target [1x2]");
        assertThatThrownBy(x::backward).hasMessageContaining("3 elements");
        assertThatThrownBy(() -> x.sum(2)).hasMessageContaining("no axes [2]");
        assertThatThrownBy(() -> Images.maxPool(x, 2, 2, 0)).hasMessageContaining("[n x h x w x c]");
        assertThatThrownBy(() -> Losses.crossEntropy(x, x(1, 1))).hasMessageContaining("must be i32");
        assertThatThrownBy(() -> x.scale(Float.NaN)).hasMessageContaining("scale: factor NaN of input [1x3]");
        assertThatThrownBy(() -> Attention.causalMask(x)).hasMessageContaining("[t, b, size]");
        assertThatThrownBy(() -> Attention.causalMask(tape, -1, 2)).hasMessageContaining("-1 queries for 2 keys");
        for (int length : new int[] {0, 4}) {
            assertThatThrownBy(() -> Attention.paddingMask(tape.integers(Shape.of(2), 3, length), 3))
                    .hasMessageContaining("sequence 1 is " + length)
                    .hasMessageContaining("1 and 3");
        }
    }

    @Test
    void dropoutDependsOnSeedStepAndPlaceOnly() {
        Tensor ones = tape.tensor(Shape.of(64), filled(64));
        float[] first = Activations.dropout(ones, 0.5f).toArray();
        float[] second = Activations.dropout(ones, 0.5f).toArray();
        assertThat(second).isNotEqualTo(first);
        long step = tape.step();
        tape.reset();
        assertThat(Activations.dropout(tape.tensor(Shape.of(64), filled(64)), 0.5f)
                        .toArray())
                .isNotEqualTo(first);
        tape.reset(step);
        assertThat(Activations.dropout(tape.tensor(Shape.of(64), filled(64)), 0.5f)
                        .toArray())
                .isEqualTo(first);
        for (float value : first) {
            assertThat(value).isIn(0f, 2f);
        }
    }

    private static float[] filled(int count) {
        float[] ones = new float[count];
        java.util.Arrays.fill(ones, 1);
        return ones;
    }

    @Test
    void deepSumOfManyUsesIsRight() {
        Tensor x = x(1, 2).requiresGrad(true);
        Tensor sum = x;
        for (int i = 0; i < 6; i++) {
            sum = sum.add(sum).add(x);
        }
        sum.sum().backward();
        // a -> 2a + 1, six times from 1
        assertThat(x.grad().get(ValueLayout.JAVA_FLOAT, 0)).isCloseTo(127, within(0f));
    }

    @Test
    void retainedGradientsOfResultsAddUpAndOutliveTheirRelease() {
        Tensor x = tape.tensor(Shape.of(2), 1, -2).requiresGrad(true);
        Tensor y = x.scale(3).retainGrad();
        Tensor loss = y.mul(y).sum();
        y.release();
        assertThat(y.grad()).isNull();
        loss.backward(true);
        assertThat(y.toArray()).containsExactly(3, -6);
        assertThat(y.grad().toArray(ValueLayout.JAVA_FLOAT)).startsWith(6, -12);
        assertThat(x.grad().toArray(ValueLayout.JAVA_FLOAT)).startsWith(18, -36);
        loss.backward();
        assertThat(y.grad().toArray(ValueLayout.JAVA_FLOAT)).startsWith(12, -24);
        try (var _ = tape.noGrad()) {
            assertThatThrownBy(() -> x.scale(2).retainGrad()).hasMessageContaining("requires no gradient");
        }
    }
}
