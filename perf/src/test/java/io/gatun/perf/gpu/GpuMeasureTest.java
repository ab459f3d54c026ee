package io.gatun.perf.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.RequiresEmulation;
import io.gatun.perf.results.Measurement;
import io.gatun.perf.step.Net;
import io.gatun.perf.step.TrainingStep;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The measurements that need no PyTorch, with tiny sizes on the emulator. */
@RequiresEmulation
class GpuMeasureTest {
    @TempDir
    private Path folder;

    private final StringWriter said = new StringWriter();

    private GpuLog log(String section) throws IOException {
        Files.writeString(folder.resolve("sections"), section + "\t0\t1\t9\t\n");
        return new GpuLog(folder.resolve(section + ".jsonl"), new PrintWriter(said, true), GpuFacts.device());
    }

    private GpuReport report() throws IOException {
        return new GpuRun(folder).report(GpuFacts.here(), false);
    }

    @Test
    void everyFamilyRunsBesideTheCopy() throws IOException {
        GpuLog log = log("bandwidth");
        new Operations(log, 1e-4).run(GpuProblems.bandwidth(1024), "copy", "");
        assertThat(log.failures()).as(said.toString()).isZero();
        GpuReport report = report();
        assertThat(report.measurements())
                .hasSize(GpuProblems.bandwidth(1024).size() - report.refusals().size())
                .allMatch(
                        m -> m.implementation().startsWith("cuda") && m.anchor().contains("copy"));
        assertThat(report.emulated()).isTrue();
        assertThat(report.facts()).containsKeys("device", "cuda runtime", "cpu", "jdk");
        assertThat(said.toString().lines()).allMatch(line -> line.startsWith("emulated: "));
        assertThat(report.measurements().stream().map(Measurement::spec))
                .as("in both storages")
                .contains("batchnorm bf16 training relu rows=4 c=256", "batchnorm f32 training relu rows=4 c=256");
    }

    @Test
    void launchesOfAKernelAGraphAndAStepAreTimed() throws IOException {
        Launches.few(log("launches")).run();
        List<Measurement> all = report().measurements();
        assertThat(all).extracting(Measurement::spec).hasSize(4).contains(Launches.CAPTURED_STEP);
        assertThat(all).allSatisfy(m -> {
            for (int i = 0; i < m.nanos().length; i++) {
                assertThat(m.nanos()[i]).as(m.spec()).isLessThanOrEqualTo(m.anchorNanos()[i]);
            }
        });
    }

    /** The fourth loss on a batch of the device's, with steps before whose loss was read, or nobody waited for. */
    @Test
    void launchedStepsTrainAsThoseWhoseLossIsRead() {
        float[] losses = new float[2];
        for (int launched = 0; launched < losses.length; launched++) {
            try (TrainingStep step = new TrainingStep(Net.MLP, "cuda", 1, 1)) {
                for (int i = 0; i < 3; i++) {
                    if (launched == 1) {
                        step.launch();
                    } else {
                        step.run();
                    }
                }
                step.finish();
                losses[launched] = step.run();
            }
        }
        assertThat(losses[1]).isEqualTo(losses[0]).isBetween(0f, 2.2f);
    }
}
