package io.gatun.perf.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.cuda.runtime.CudaException;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Training steps of the CUDA backend end to end, on the emulator. */
@RequiresEmulation
class CudaTrainingTest {
    private static final int STEPS = 10;

    /** A code after which the context lives on. */
    private static final int NOT_SUPPORTED = 801;

    private static void tenStepsAreThoseOfTheCpu(Function<String, EmulatedTraining> net) {
        try (EmulatedTraining host = net.apply("simd");
                EmulatedTraining device = net.apply("cuda")) {
            for (int i = 0; i < STEPS; i++) {
                float expected = host.eager();
                assertThat(device.eager())
                        .as("loss of step %d, emulated", i)
                        .isCloseTo(expected, within(1e-4f * Math.abs(expected)));
            }
            assertThat(device.values()).hasSameSizeAs(host.values());
            assertThat(device.kernels().plans()).allMatch(plan -> plan.backend().equals("cuda"));
        }
    }

    @Test
    void tenStepsOfAConvolutionalNetAreThoseOfTheCpu() {
        tenStepsAreThoseOfTheCpu(EmulatedTraining::images);
    }

    @Test
    void tenStepsOfAnLstmAreThoseOfTheCpu() {
        tenStepsAreThoseOfTheCpu(EmulatedTraining::text);
    }

    private static void graphsGiveTheBitsOfEagerSteps(Function<String, EmulatedTraining> net) {
        try (EmulatedTraining eager = net.apply("cuda");
                EmulatedTraining captured = net.apply("cuda");
                EmulatedTraining launched = net.apply("cuda")) {
            for (int i = 0; i < 4; i++) {
                float loss = eager.eager();
                assertThat(captured.captured())
                        .as("loss of step %d in two graphs, emulated", i)
                        .isEqualTo(loss);
                launched.launched();
                assertThat(launched.noted(1)[0])
                        .as("loss of step %d in one graph, emulated", i)
                        .isEqualTo(loss);
                assertThat(captured.repeating()).isEqualTo(i > 0);
                assertThat(launched.repeating()).isEqualTo(i > 0);
            }
            assertThat(captured.values()).isEqualTo(eager.values());
            assertThat(launched.values()).isEqualTo(eager.values());
            assertThat(captured.buffers()).isEqualTo(eager.buffers());
            assertThat(launched.buffers()).isEqualTo(eager.buffers());
        }
    }

    @Test
    void graphsOfAConvolutionalNetGiveTheBitsOfEagerSteps() {
        graphsGiveTheBitsOfEagerSteps(EmulatedTraining::images);
    }

    @Test
    void graphsOfAnLstmGiveTheBitsOfEagerSteps() {
        graphsGiveTheBitsOfEagerSteps(EmulatedTraining::text);
    }

    @Test
    void aCapturedStepIsOneLaunchAndNobodyWaitsForIt() {
        try (EmulatedTraining training = EmulatedTraining.images("cuda")) {
            training.launched();
            training.launched();
            long graphs = EmulatedDevice.calls("cudaGraphLaunch");
            long kernels = EmulatedDevice.calls("cudaLaunchKernel");
            long waits = EmulatedDevice.calls("cudaStreamSynchronize");
            training.launched();
            training.launched();
            assertThat(EmulatedDevice.calls("cudaGraphLaunch") - graphs).isEqualTo(2);
            assertThat(EmulatedDevice.calls("cudaLaunchKernel") - kernels).isZero();
            assertThat(EmulatedDevice.calls("cudaStreamSynchronize") - waits).isZero();
        }
    }

    @Test
    void aGraphThatCannotBeLaunchedLeavesEverythingAsItWas() {
        try (EmulatedTraining steady = EmulatedTraining.images("cuda");
                EmulatedTraining failing = EmulatedTraining.images("cuda")) {
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

    @Test
    void closingGivesTheDeviceEverythingBack() {
        long objects = EmulatedDevice.liveObjects();
        try (EmulatedTraining training = EmulatedTraining.text("cuda")) {
            training.launched();
            training.launched();
            training.captured();
            assertThat(EmulatedDevice.liveObjects()).isGreaterThan(objects);
        }
        assertThat(EmulatedDevice.liveObjects()).isEqualTo(objects);
        assertThat(EmulatedDevice.liveBytes()).isZero();
    }
}
