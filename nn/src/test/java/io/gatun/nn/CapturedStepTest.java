package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A repeated step gives the bits of one that is built each time, makes no garbage, and fails as cleanly. */
class CapturedStepTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What the target says of a step after warm-up. */
    private static final long MOST_BYTES = 4 << 10;

    /** Nanoseconds of its own thread; some seconds are usual. */
    private static final long PATIENCE = 40_000_000_000L;

    /** A net in training, its input and targets in memory of their own. */
    private static final class Training implements AutoCloseable {
        final NativeMemory memory;
        final Kernels kernels;
        final Module model;
        final Parameters parameters;
        final Optimizer optimizer;
        final Tape tape;
        final ParameterScope scope;
        final MemorySegment input;
        final MemorySegment targets;
        final Shape shape;
        final boolean text;
        Module frozen;
        final SplittableRandom random = new SplittableRandom(11);
        final Supplier<Tensor> code;
        final CapturedStep step;

        Training(Module model, Shape shape, boolean text, boolean debug) {
            this.memory = new NativeMemory(new MemoryBudget(1L << 30), debug);
            this.kernels = Kernels.open("simd", 2, memory);
            this.model = model;
            this.parameters = model.allocate(memory, 3);
            this.optimizer =
                    new AdamW(kernels, memory, parameters, Schedule.constant(1e-3f), AdamW.Options.DEFAULT).clipNorm(1);
            this.tape = new Tape(kernels, memory, 0, 9);
            this.scope = memory.parameters("batch");
            this.shape = shape;
            this.text = text;
            this.input = scope.allocate(4 * shape.elements(), "input");
            this.targets = scope.allocate(4L * targetCount(), "targets");
            this.code = () -> {
                Tensor logits = model.forward(text ? tape.indices(shape, input) : tape.input(shape, input));
                return Losses.crossEntropy(logits, tape.indices(Shape.of(targetCount()), targets));
            };
            this.step = tape.capture(code);
        }

        static Training text() {
            return new Training(new CharLstm(10, 12, 32, 2, 0.2f), Shape.of(6, 4), true, false);
        }

        static Training images(boolean debug) {
            // Every kind of rule that writes beside the kernels: dropout, a used-twice layer, a bias, a norm that is
            // frozen.
            Linear shared = new Linear(16, 16);
            BatchNorm2d frozen = new BatchNorm2d(8);
            frozen.eval();
            Training training = new Training(
                    new Sequential(
                            new Conv2d(3, 8, 3, new Window(1, 1, 1, 1), false, Init.kaimingNormal()),
                            new BatchNorm2d(8, true),
                            new MaxPool2d(2),
                            frozen,
                            ResidualBlock.bottleneck(8, 4, 2),
                            new Dropout(0.2f),
                            new GlobalAvgPool(),
                            shared,
                            Nonlinearity.gelu(),
                            shared,
                            new Linear(16, 10)),
                    Shape.of(4, 8, 8, 3),
                    false,
                    debug);
            training.frozen = frozen;
            return training;
        }

        /** In training again, but for what was frozen. */
        void thaw() {
            model.train();
            if (frozen != null) {
                frozen.eval();
            }
        }

        int targetCount() {
            return text ? (int) shape.elements() : shape.dim(0);
        }

        void fill() {
            for (long i = 0; i < shape.elements(); i++) {
                if (text) {
                    input.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(10));
                } else {
                    input.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
                }
            }
            for (int i = 0; i < targetCount(); i++) {
                targets.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(10));
            }
        }

        float eager() {
            tape.reset(optimizer.steps());
            Tensor loss = code.get();
            loss.backward();
            optimizer.step();
            return loss.item();
        }

        float captured() {
            float loss = step.forward(optimizer.steps());
            step.backward();
            optimizer.step();
            return loss;
        }

        /** Something else on the tape: NaN in all memory that a step uses, so that it must write all that it reads. */
        void poison() {
            for (Parameter parameter : parameters.named().values()) {
                if (parameter.trainable()) {
                    parameter.grad().fill((byte) -1);
                }
            }
            parameters.stepped();
            tape.reset();
            tape.empty(Shape.of(1 << 18), "large").data().fill((byte) -1);
            for (int i = 0; i < 500; i++) {
                tape.empty(Shape.of(100), "small").data().fill((byte) -1);
            }
        }

        /** All that a step may change. */
        int state() {
            int hash = Arrays.hashCode(parameters.values().toArray(ValueLayout.JAVA_INT));
            hash = 31 * hash + Arrays.hashCode(parameters.gradients().toArray(ValueLayout.JAVA_INT));
            return 31 * hash + Arrays.hashCode(parameters.buffers().toArray(ValueLayout.JAVA_INT));
        }

        @Override
        public void close() {
            tape.close();
            optimizer.close();
            parameters.close();
            scope.close();
            kernels.close();
        }
    }

    private static void equalFor200Steps(Training one, Training two) {
        try (one;
                two) {
            for (int i = 0; i < 200; i++) {
                one.fill();
                two.fill();
                assertThat(two.captured()).as("loss of step %d", i).isEqualTo(one.eager());
                assertThat(two.step.repeating()).isEqualTo(i > 0);
                assertThat(two.state()).as("after step %d", i).isEqualTo(one.state());
                two.poison();
                if (i == 100) {
                    // Something else on the same tape in between, as an evaluation is.
                    two.model.eval();
                    two.tape.reset();
                    try (var _ = two.tape.noGrad()) {
                        assertThat(two.code.get().item()).isFinite();
                    }
                    two.thaw();
                }
            }
        }
    }

    @Test
    void aRepeatedStepOfImagesHasTheBitsOfABuiltOne() {
        equalFor200Steps(Training.images(false), Training.images(false));
    }

    @Test
    void aRepeatedStepOfTextHasTheBitsOfABuiltOne() {
        equalFor200Steps(Training.text(), Training.text());
    }

    @Test
    void aRepeatedResNetHasTheBitsOfABuiltOne() {
        Training one = new Training(ResNet.resnet20(10), Shape.of(2, 16, 16, 3), false, false);
        Training two = new Training(ResNet.resnet20(10), Shape.of(2, 16, 16, 3), false, false);
        try (one;
                two) {
            for (int i = 0; i < 6; i++) {
                one.fill();
                two.fill();
                assertThat(two.captured()).isEqualTo(one.eager());
                assertThat(two.state()).isEqualTo(one.state());
            }
        }
    }

    private static void repeat(Training training, int times) {
        for (int i = 0; i < times; i++) {
            training.captured();
        }
    }

    private static void makesNoGarbage(Training training) {
        try (training) {
            training.fill();
            long least = Long.MAX_VALUE;
            // The kernels' vectors are objects until C2 has compiled them, those that a step calls once after some
            // thousand
            // steps: wait for a window without.
            long begin = THREADS.getCurrentThreadCpuTime();
            while (least > MOST_BYTES && THREADS.getCurrentThreadCpuTime() - begin < PATIENCE) {
                long before = THREADS.getTotalThreadAllocatedBytes();
                for (int i = 0; i < 10; i++) {
                    training.captured();
                }
                least = Math.min(least, (THREADS.getTotalThreadAllocatedBytes() - before) / 10);
            }
            assertThat(training.step.repeating()).isTrue();
            assertThat(least)
                    .as(() -> "bytes of heap a step; " + Allocations.of(() -> repeat(training, 400)))
                    .isLessThan(MOST_BYTES);
        }
    }

    @Test
    void aRepeatedStepOfAResNetMakesNoGarbage() {
        makesNoGarbage(new Training(ResNet.resnet20(10), Shape.of(2, 8, 8, 3), false, false));
    }

    @Test
    void aRepeatedStepOfAnLstmMakesNoGarbage() {
        makesNoGarbage(Training.text());
    }

    @Test
    void aRepetitionThatFailsChangesNothing() {
        try (Training training = Training.text();
                Training other = Training.text()) {
            for (int i = 0; i < 3; i++) {
                training.fill();
                training.captured();
                other.fill();
                other.eager();
            }
            int before = training.state();
            training.fill();
            other.fill();
            int right = training.input.getAtIndex(ValueLayout.JAVA_INT, 5);
            training.input.setAtIndex(ValueLayout.JAVA_INT, 5, 10);
            assertThatThrownBy(training::captured).isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(training.step.repeating()).isTrue();
            assertThat(training.state()).isEqualTo(before);
            // Halfway in backward: the embedding's rule is the last.
            training.input.setAtIndex(ValueLayout.JAVA_INT, 5, right);
            training.step.forward(training.optimizer.steps());
            training.input.setAtIndex(ValueLayout.JAVA_INT, 5, 10);
            assertThatThrownBy(training.step::backward).isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(training.state()).isEqualTo(before);
            training.input.setAtIndex(ValueLayout.JAVA_INT, 5, right);
            assertThat(training.captured()).isEqualTo(other.eager());
            assertThat(training.state()).isEqualTo(other.state());
        }
    }

    /** Running statistics go back when the step is given up, as those of a built one do. */
    @Test
    void aRepetitionThatIsGivenUpChangesNothing() {
        try (Training training = Training.images(false)) {
            training.fill();
            training.captured();
            training.fill();
            int before = training.state();
            training.step.forward(1);
            assertThat(training.step.repeating()).isTrue();
            assertThat(training.state()).isNotEqualTo(before);
            training.tape.abandon();
            assertThat(training.state()).isEqualTo(before);
        }
    }

    @Test
    void gradientsOfAnEarlierStepAreAddedTo() {
        try (Training training = Training.text();
                Training other = Training.text()) {
            for (int i = 0; i < 3; i++) {
                if (i == 1) {
                    training.parameters.zeroGradients();
                    other.parameters.zeroGradients();
                }
                training.fill();
                training.step.forward(i);
                assertThat(training.step.repeating()).as("step %d", i).isEqualTo(i == 1);
                training.step.backward();
                other.fill();
                other.tape.reset(i);
                other.code.get().backward();
                assertThat(training.state()).as("step %d", i).isEqualTo(other.state());
            }
        }
    }

    @Test
    void whatChangedIsRecordedAnew() {
        try (Training training = Training.text()) {
            training.fill();
            training.captured();
            training.captured();
            assertThat(training.step.repeating()).isTrue();
            training.parameters.get("embedding.weight").requiresGrad(false);
            training.captured();
            assertThat(training.step.repeating()).as("a parameter was frozen").isFalse();
            float frozen = training.parameters.get("embedding.weight").toArray()[0];
            training.captured();
            assertThat(training.step.repeating()).isTrue();
            assertThat(frozen).isNotNaN();
        }
        try (Training training = Training.images(true)) {
            training.fill();
            training.captured();
            training.captured();
            assertThat(training.step.repeating()).as("debug mode").isFalse();
        }
    }

    @Test
    void valuesFromTheHeapAreCopiedEachTime() {
        try (Training training = Training.text()) {
            float[] factor = {1};
            CapturedStep step =
                    training.tape.capture(() -> training.code.get().mul(training.tape.tensor(Shape.of(), factor)));
            training.fill();
            float one = step.forward(0);
            step.backward();
            training.parameters.zeroGradients();
            factor[0] = 2;
            assertThat(step.forward(0)).isEqualTo(2 * one);
            assertThat(step.repeating()).isFalse();
        }
    }

    @Test
    void closedMemoryIsNotReadAgain() {
        try (Training training = Training.text()) {
            ParameterScope passing = training.memory.parameters("passing");
            MemorySegment[] batch = {passing.allocate(4 * training.shape.elements(), "batch")};
            CapturedStep step = training.tape.capture(() -> {
                Tensor logits = training.model.forward(training.tape.indices(training.shape, batch[0]));
                return Losses.crossEntropy(
                        logits, training.tape.indices(Shape.of(training.targetCount()), training.targets));
            });
            training.fill();
            step.forward(0);
            step.backward();
            training.parameters.zeroGradients();
            passing.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> step.forward(1))
                    .withMessageContaining("of i32: its memory was closed; keep it until the last step that reads it");
            batch[0] = training.input;
            assertThat(step.forward(1)).isFinite();
            assertThat(step.repeating()).isFalse();
        }
    }

    @Test
    void backwardNeedsItsForward() {
        try (Training training = Training.text()) {
            assertThatIllegalStateException()
                    .isThrownBy(training.step::backward)
                    .withMessageContaining("has no loss before its forward");
            training.fill();
            training.captured();
            assertThatIllegalStateException()
                    .isThrownBy(training.step::backward)
                    .withMessageContaining("once after each forward");
            training.step.forward(1);
            training.step.backward();
            assertThatIllegalStateException()
                    .isThrownBy(training.step::backward)
                    .withMessageContaining("gradients were written");
        }
    }
}
