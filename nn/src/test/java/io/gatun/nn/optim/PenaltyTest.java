package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PenaltyTest {
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), true);
    private final Parameter first = weights(2, 3, 0.5f, -2, 0, 1, 3, -0.25f);
    private final Parameter second = weights(3, 2, 1, 1, 1, -1, 2, 0);
    private final Parameter bias = Parameter.of(Shape.of(2), (values, shape, seed, index) -> {
        values.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 4);
        values.setAtIndex(ValueLayout.JAVA_FLOAT, 1, -4);
    });
    private Kernels kernels;
    private Parameters parameters;

    private static Parameter weights(int rows, int cols, float... numbers) {
        return Parameter.of(Shape.of(rows, cols), (values, shape, seed, index) -> {
            for (int i = 0; i < numbers.length; i++) {
                values.setAtIndex(ValueLayout.JAVA_FLOAT, i, numbers[i]);
            }
        });
    }

    @BeforeEach
    void open() {
        kernels = Kernels.open("simd", 1);
        parameters = Parameters.builder()
                .add("first", first)
                .add("bias", bias)
                .add("second", second)
                .build(memory, "model", 1);
    }

    @AfterEach
    void close() {
        parameters.close();
        kernels.close();
    }

    private static float[] gradient(Parameter parameter) {
        return parameter.grad().asSlice(0, 4 * parameter.shape().elements()).toArray(ValueLayout.JAVA_FLOAT);
    }

    @Test
    void elasticNetAddsItsGradientAndGivesItsValue() {
        first.grad().setAtIndex(ValueLayout.JAVA_FLOAT, 1, 10);
        float value = Penalty.elasticNet(0.1f, 0.01f).addTo(kernels, parameters);
        // Σ|w| = 6.75 + 6, Σw² = 14.3125 + 8.
        assertThat(value).isCloseTo(0.1f * 12.75f + 0.01f * 22.3125f, within(1e-6f));
        assertThat(gradient(first))
                .containsExactly(new float[] {0.11f, 9.86f, 0, 0.12f, 0.16f, -0.105f}, within(1e-6f));
        assertThat(gradient(second))
                .containsExactly(new float[] {0.12f, 0.12f, 0.12f, -0.12f, 0.14f, 0}, within(1e-6f));
        assertThat(gradient(bias)).containsOnly(0);
    }

    @Test
    void biasesCountOnlyWhenAsked() {
        assertThat(Penalty.l1(1).addTo(kernels, parameters)).isEqualTo(12.75f);
        assertThat(Penalty.l1(1).withBiases().addTo(kernels, parameters)).isEqualTo(20.75f);
        assertThat(gradient(bias)).containsExactly(1, -1);
    }

    @Test
    void frozenWeightsAreLeftAlone() {
        first.requiresGrad(false);
        assertThat(Penalty.l2(1).withBiases().addTo(kernels, parameters)).isEqualTo(8 + 32f);
        assertThat(gradient(first)).containsOnly(0);
        assertThat(gradient(second)).containsExactly(2, 2, 2, -2, 4, 0);
        first.requiresGrad(true);
        second.requiresGrad(false);
        assertThat(Penalty.l2(1).withBiases().addTo(kernels, parameters)).isEqualTo(14.3125f + 32);
    }

    /** B13: the gradient of λΣw² is 2λw, PyTorch's weight_decay=λ adds λw. */
    @Test
    void b13AWeightDecayIsHalfAPenalty() {
        float lambda = 0.1f;
        float[] before = first.toArray();
        step(Penalty.l2(lambda), 0);
        float[] penalized = first.toArray();
        restore(before);
        step(Penalty.l2(0), lambda);
        float[] decayed = first.toArray();
        restore(before);
        step(Penalty.l2(lambda / 2), 0);
        for (int i = 0; i < before.length; i++) {
            assertThat(penalized[i]).isCloseTo(before[i] * (1 - 2 * lambda), within(1e-6f));
            assertThat(decayed[i]).isCloseTo(before[i] * (1 - lambda), within(1e-6f));
            assertThat(first.toArray()[i]).isCloseTo(decayed[i], within(1e-6f));
        }
    }

    private void restore(float... values) {
        first.copyFrom(values);
    }

    /** SGD with rate 1 and no other gradient. */
    private void step(Penalty penalty, float weightDecay) {
        Sgd.Options options = new Sgd.Options(0, 0, false, weightDecay);
        try (Sgd sgd = new Sgd(kernels, memory, parameters, Schedule.constant(1), options)) {
            penalty.addTo(kernels, parameters);
            sgd.step();
        }
    }

    /** Behind a backward, which writes what nobody has written in this step, the penalty is added and stays. */
    @Test
    void aPenaltyComesBehindABackward() {
        try (Tape tape = new Tape(kernels, memory)) {
            for (int step = 0; step < 2; step++) {
                tape.reset();
                Losses.mse(first, tape.zeros(Shape.of(2, 3))).backward();
                float[] plain = gradient(first);
                Penalty.l1(1).addTo(kernels, parameters);
                float[] both = gradient(first);
                for (int i = 0; i < plain.length; i++) {
                    assertThat(both[i]).isEqualTo(plain[i] + Math.signum(first.toArray()[i]));
                }
                try (Sgd sgd = new Sgd(kernels, memory, parameters, Schedule.constant(0.1f), Sgd.Options.PLAIN)) {
                    sgd.step();
                }
            }
        }
    }

    @Test
    void negativeFactorsAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Penalty.l1(-1)).withMessageContaining("-1.0");
        assertThatIllegalArgumentException().isThrownBy(() -> Penalty.l2(Float.NaN));
    }
}
