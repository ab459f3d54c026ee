package io.gatun.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.kernel.StandInDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The latest losses, of steps that come to an end and of others, on the host and where Java cannot touch them. */
class LossRingTest {
    /** Counts, and fails when it is told to. */
    private static final class Counting implements Update, AutoCloseable {
        final Arena arena = Arena.ofConfined();
        final MemorySegment numbers = arena.allocate(4, 4);
        boolean fails;
        int updates;

        @Override
        public Object prepare() {
            return this;
        }

        @Override
        public MemorySegment numbers() {
            return numbers;
        }

        @Override
        public void run(MemorySegment there) {
            assertThat(there.byteSize()).isEqualTo(4);
            if (fails) {
                throw new IllegalStateException("no update");
            }
        }

        @Override
        public void done() {
            updates++;
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    private static Kernels open(boolean device) {
        return device ? StandInDevice.open() : Kernels.open("reference", 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void keepsTheLatestAndNothingOfAStepThatFails(boolean device) {
        try (Kernels kernels = open(device);
                Tape tape = new Tape(kernels, kernels.memory());
                LossRing losses = new LossRing(kernels.memory(), 3);
                Counting update = new Counting();
                Arena arena = Arena.ofConfined()) {
            Parameter weight = Parameter.of(Shape.of(1), Initializer.ONES);
            try (Parameters parameters = Parameters.builder().add("w", weight).build(kernels.memory(), "model", 1)) {
                MemorySegment x = arena.allocate(4, 4);
                CapturedStep step = tape.capture(
                        () -> tape.input(Shape.of(1), x).mul(weight).sum());
                assertThat(losses.latest(0)).isEmpty();
                for (int i = 0; i < 8; i++) {
                    x.set(ValueLayout.JAVA_FLOAT, 0, i);
                    for (boolean fails : new boolean[] {true, false}) {
                        update.fails = fails;
                        if (fails) {
                            assertThatThrownBy(() -> step.train(0, update, losses))
                                    .hasMessage("no update");
                        } else {
                            step.train(0, update, losses);
                        }
                        parameters.zeroGradients();
                    }
                    assertThat(losses.noted()).isEqualTo(i + 1).isEqualTo(update.updates);
                }
                assertThat(step.repeating()).isTrue();
                assertThat(losses.latest(3)).containsExactly(5, 6, 7);
                losses.note(step.loss());
                assertThat(losses.latest(2)).containsExactly(7, 7);
                assertThatThrownBy(() -> losses.latest(4)).hasMessage("the latest 4 losses: a ring of 3 has 3");
                assertThatThrownBy(() -> losses.note(tape.zeros(Shape.of(2))))
                        .hasMessageContaining("is no loss: it must be one float");
                assertThat(losses.noted()).isEqualTo(9);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsNoLossTakesTheStepBack(boolean device) {
        Parameter mean = Parameter.buffer(Shape.of(3), Initializer.ZEROS);
        Parameter variance = Parameter.buffer(Shape.of(3), Initializer.ONES);
        Parameter batches = Parameter.counter();
        try (Kernels kernels = open(device);
                Parameters _ = Parameters.builder()
                        .add("mean", mean)
                        .add("var", variance)
                        .add("batches", batches)
                        .build(kernels.memory(), "model", 1);
                Tape tape = new Tape(kernels, kernels.memory());
                LossRing losses = new LossRing(kernels.memory(), 3);
                Counting update = new Counting()) {
            var norm = new Images.Norm(null, null, mean, variance, batches, 1e-5f, 0.1f, true);
            CapturedStep step = tape.capture(
                    () -> Images.batchNorm(tape.tensor(Shape.of(2, 3), 3, 1, 2, 4, 6, 5), norm, null, false));
            assertThatThrownBy(() -> step.train(0, update, losses))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is no loss: it must be one float");
            assertThat(mean.toArray()).containsOnly(0);
            assertThat(variance.toArray()).containsOnly(1);
            assertThat(losses.noted()).isZero();
            assertThat(update.updates).isZero();
        }
    }
}
