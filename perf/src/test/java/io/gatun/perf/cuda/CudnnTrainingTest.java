package io.gatun.perf.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.cuda.RequiresCuda;
import io.gatun.spec.ConvSpec;
import org.junit.jupiter.api.Test;

/** A convolutional net whose convolutions are the fake cuDNN's, or on a GPU the real one's, end to end. */
@RequiresCuda(vendor = true)
class CudnnTrainingTest {
    private static final int STEPS = 3;

    @Test
    void stepsAreThoseOfTheCpuAndOneGraphGivesTheirBits() {
        try (EmulatedTraining host = new EmulatedTraining(EmulatedNet.SMALL_IMAGES, "simd");
                EmulatedTraining eager = new EmulatedTraining(EmulatedNet.SMALL_IMAGES, "cuda");
                EmulatedTraining launched = new EmulatedTraining(EmulatedNet.SMALL_IMAGES, "cuda")) {
            for (int i = 0; i < STEPS; i++) {
                float expected = host.eager();
                float loss = eager.eager();
                assertThat(loss)
                        .as("loss of step %d, emulated", i)
                        .isCloseTo(expected, within(1e-4f * Math.abs(expected)));
                launched.launched();
                assertThat(launched.noted(1)[0])
                        .as("loss of step %d in one graph, emulated", i)
                        .isEqualTo(loss);
            }
            assertThat(launched.repeating()).isTrue();
            assertThat(launched.values()).isEqualTo(eager.values());
            assertThat(eager.kernels().plans())
                    .filteredOn(plan -> plan.spec() instanceof ConvSpec)
                    .hasSizeGreaterThan(8)
                    .allMatch(plan -> plan.backend().equals("cudnn"));
        }
    }
}
