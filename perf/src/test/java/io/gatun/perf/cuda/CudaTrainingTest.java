package io.gatun.perf.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.RequiresCuda;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.nn.Linear;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Training steps of the CUDA backend end to end. */
@RequiresCuda
class CudaTrainingTest {
    /** A code after which the context lives on. */
    private static final int NOT_SUPPORTED = 801;

    @ParameterizedTest
    @EnumSource(names = {"SMALL_IMAGES", "SMALL_TEXT"})
    void stepsAreThoseOfTheCpu(EmulatedNet net) {
        TrainingRuns.gradientsAreThoseOfTheCpu(net);
        TrainingRuns.stepsAreThoseOfTheCpu(net);
    }

    @ParameterizedTest
    @EnumSource(names = {"SMALL_IMAGES", "SMALL_TEXT"})
    void graphsGiveTheBitsOfEagerSteps(EmulatedNet net) {
        TrainingRuns.graphsGiveTheBitsOfEagerSteps(net, 4);
    }

    /** Its images, labels, dropout, learning rate and the place of its loss are the one copy. */
    @ParameterizedTest
    @EnumSource(names = {"SMALL_IMAGES", "SMALL_TEXT"})
    @RequiresEmulation
    void aCapturedStepIsOneCopyAndOneLaunchAndNobodyWaitsForIt(EmulatedNet net) {
        try (EmulatedTraining training = new EmulatedTraining(net, "cuda")) {
            training.launched();
            training.launched();
            for (int i = 0; i < 3; i++) {
                CudaCalls before = CudaCalls.now();
                training.launched();
                assertThat(CudaCalls.now().since(before))
                        .isEqualTo(Map.of("cudaMemcpyAsync", 1L, "cudaGraphLaunch", 1L));
            }
        }
    }

    @Test
    @RequiresEmulation
    void aGraphThatCannotBeLaunchedLeavesEverythingAsItWas() {
        try (EmulatedTraining steady = new EmulatedTraining(EmulatedNet.SMALL_IMAGES, "cuda");
                EmulatedTraining failing = new EmulatedTraining(EmulatedNet.SMALL_IMAGES, "cuda")) {
            for (int i = 0; i < 3; i++) {
                steady.launched();
                failing.launched();
            }
            float[] values = failing.values();
            float[] buffers = failing.buffers();
            EmulatedDevice.fail("cudaGraphLaunch", 1, NOT_SUPPORTED);
            assertThatThrownBy(failing::launched)
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("a training step");
            assertThat(failing.values()).isEqualTo(values);
            assertThat(failing.buffers()).isEqualTo(buffers);
            steady.launched();
            failing.launchedAgain();
            assertThat(failing.values()).isEqualTo(steady.values());
            assertThat(failing.buffers()).isEqualTo(steady.buffers());
        }
    }

    /** The graph has the input's address, and the input is gone. */
    @Test
    @RequiresEmulation
    void deviceMemoryThatWasFreedIsNeverLaunchedOn() {
        try (Kernels kernels = Kernels.open("cuda", 1, new NativeMemory(new MemoryBudget(1L << 24), false))) {
            ParameterScope batch = kernels.memory().parameters("batch");
            Linear model = new Linear(4, 1);
            Parameters parameters = model.allocate(kernels.memory(), 1);
            Schedule rate = Schedule.constant(0.1f);
            try (Tape tape = new Tape(kernels, kernels.memory());
                    Sgd optimizer = new Sgd(kernels, kernels.memory(), parameters, rate, Sgd.Options.momentum(0.9f))) {
                MemorySegment x = batch.allocate(4 * 4, "x");
                CapturedStep step = tape.capture(
                        () -> model.call(tape.input(Shape.of(1, 4), x)).sum());
                step.train(0, optimizer.update());
                step.train(1, optimizer.update());
                assertThat(step.repeating()).isTrue();
                float[] values = Places.floats(parameters.values());
                long graphs = EmulatedDevice.calls("cudaGraphLaunch");
                batch.close();
                assertThatThrownBy(() -> step.train(2, optimizer.update()))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("closed");
                assertThat(EmulatedDevice.calls("cudaGraphLaunch")).isEqualTo(graphs);
                assertThat(Places.floats(parameters.values())).isEqualTo(values);
                assertThat(optimizer.steps()).isEqualTo(2);
            } finally {
                batch.close();
                parameters.close();
            }
        }
        assertThat(EmulatedDevice.check()).isZero();
    }
}
