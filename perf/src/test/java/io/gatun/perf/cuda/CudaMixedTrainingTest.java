package io.gatun.perf.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.cuda.RequiresCuda;
import io.gatun.kernel.DType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps in mixed precision, each one launch, on the emulator: the reference's in the same types, and near those in float. */
@RequiresCuda
class CudaMixedTrainingTest {
    /** Relative: a sum in another order may round to the next number of 16 bits. */
    private static final float OF_THE_REFERENCE = 2e-4f;

    /** Relative, in bfloat16: PyTorch's autocast is up to 3.4e-4 from its float steps of ResNet-20. Binary16 has 3 bits more. */
    private static final float OF_FLOATS = 2e-3f;

    private static void steps(int steps, EmulatedNet net, DType precision, boolean reference) {
        try (EmulatedTraining floats = new EmulatedTraining(net, "simd");
                EmulatedTraining expected = reference ? new EmulatedTraining(net, "reference", precision) : null;
                EmulatedTraining eager = new EmulatedTraining(net, "cuda", precision);
                EmulatedTraining launched = new EmulatedTraining(net, "cuda", precision)) {
            for (int i = 0; i < steps; i++) {
                launched.launched();
                float loss = launched.noted(1)[0];
                String step = "loss of step " + i + " of " + net + " in " + precision.word() + ", emulated";
                assertThat(eager.eager()).as(step).isEqualTo(loss);
                float inFloat = floats.eager();
                float bound = precision == DType.BF16 ? OF_FLOATS : OF_FLOATS / 8;
                assertThat(loss).as(step).isCloseTo(inFloat, within(bound * inFloat));
                if (expected != null) {
                    float wanted = expected.eager();
                    assertThat(loss).as(step).isCloseTo(wanted, within(OF_THE_REFERENCE * wanted));
                }
            }
            assertThat(launched.repeating()).isTrue();
            assertThat(launched.values()).isEqualTo(eager.values());
            assertThat(launched.kernels().plans())
                    .allMatch(plan -> plan.backend().equals("cuda"));
            assertThat(launched.kernels().plans())
                    .as("plans in 16 bits")
                    .anyMatch(plan -> plan.spec().toString().contains(" " + precision.word() + " "));
        }
    }

    @ParameterizedTest
    @CsvSource({"SMALL_IMAGES, BF16", "SMALL_TEXT, F16"})
    void tenStepsOfSmallNets(EmulatedNet net, DType precision) {
        steps(net.steps(), net, precision, true);
    }

    @Tag("heavy")
    @ParameterizedTest
    @CsvSource({"SMALL_IMAGES, F16", "SMALL_TEXT, BF16"})
    void tenStepsInTheOtherType(EmulatedNet net, DType precision) {
        steps(net.steps(), net, precision, true);
    }

    @Tag("heavy")
    @ParameterizedTest
    @CsvSource({"RESNET20, BF16", "CHAR_LSTM, BF16", "GPT, F16"})
    void twoStepsOfPublishedNets(EmulatedNet net, DType precision) {
        steps(2, net, precision, false);
    }
}
