package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.kernel.Profile;
import io.gatun.perf.step.Net;
import io.gatun.perf.step.Precision;
import io.gatun.perf.step.TrainingStep;
import io.gatun.spec.GemmSpec;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line where a device fails: one sentence, nothing left behind, and the next command runs. */
@RequiresEmulation
class CudaFaultsTest {
    @TempDir
    private Path folder;

    @AfterEach
    void revives() {
        EmulatedDevice.forget();
    }

    private Cli.Result train(String backend) {
        return Cli.run(
                "train",
                "perceptron",
                "--backend",
                backend,
                "--epochs",
                "1",
                "--out",
                folder.resolve(backend).toString());
    }

    @Test
    void aFaultIsOneSentenceAndTheHostGoesOn() {
        EmulatedDevice.set("QUIET", "1");
        EmulatedDevice.fail("cudaGraphLaunch", 3, 719);
        Cli.Result lost = train("cuda");
        assertThat(lost.err().strip())
                .startsWith("cuda:0 is lost for this process: cudaErrorLaunchFailure (719, ")
                .endsWith("; the CPU backends still work, the GPU needs a new process");
        assertThat(lost.err().strip().lines()).hasSize(1);
        assertThat(lost.code()).isEqualTo(Errors.FAILED);
        assertThat(train("simd").code()).isZero();
    }

    @Test
    void aFullDeviceIsOneSentence() {
        EmulatedDevice.fail("cudaMalloc", 3, 2);
        Cli.Result full = train("cuda");
        assertThat(full.err().strip())
                .matches("out of memory on cuda:0 for .*: asked \\d+ bytes, \\d+ of \\d+ in use,"
                        + " \\d+ free on the device; use a smaller batch or end what else uses it");
        assertThat(full.code()).isEqualTo(Errors.BAD_INPUT);
        assertThat(EmulatedDevice.liveBytes()).isZero();
        assertThat(EmulatedDevice.liveObjects()).isZero();
    }

    /** A graph's kernels are no plan's runs. */
    @Test
    void aStepThatWasTakenApartShowsItsKernels() {
        try (TrainingStep step = new TrainingStep(Net.MLP, "cuda", 1, 1, Precision.F32)) {
            step.run();
            step.run();
            step.takeApart();
            try (Profile profile = step.kernels().profile()) {
                step.run();
                assertThat(profile.lines()).anyMatch(line -> line.spec() instanceof GemmSpec);
            }
        }
    }
}
