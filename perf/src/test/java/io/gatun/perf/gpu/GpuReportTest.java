package io.gatun.perf.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gatun.perf.results.Measurement;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What run-all leaves in its folder, as a report, a file and a table. */
class GpuReportTest {
    private static final String GPU = "NVIDIA Test 9000, compute capability 9.0";
    private static final String EMULATOR = "Gatun emulated device, compute capability 9.0";
    private static final String COPY = "the device's copy of as many bytes";
    private static final Map<String, String> FACTS = Map.of("device", GPU);

    @TempDir
    private Path folder;

    private final StringWriter said = new StringWriter();

    private GpuLog log(String section, String device) throws IOException {
        return new GpuLog(folder.resolve(section + ".jsonl"), new PrintWriter(said, true), device);
    }

    private void sections(String... lines) throws IOException {
        Files.write(folder.resolve("sections"), List.of(lines));
    }

    @Test
    void aReportIsReadBackAsItWasWritten() throws IOException {
        sections(
                "bandwidth\t0\t7\t80\t",
                "steps\t1\t9\t100\t",
                "compiled_steps\t124\t150\t150\t",
                "memcheck\tskipped\t0\t60\tno compute-sanitizer");
        Files.writeString(folder.resolve("facts"), "driver\t580.1\ntorch\t2.11\n");
        Files.writeString(folder.resolve("steps.log"), "one\n" + "line\n".repeat(40) + "the last\n");
        GpuLog bandwidth = log("bandwidth", GPU);
        bandwidth.measured(
                "axpby f32 count=32", "cuda:axpby", new double[] {1000, 1200}, COPY, new double[] {900, 900});
        bandwidth.refused("softmax bf16 forward softmax rows=1 cols=2", "there is none");
        GpuLog steps = log("steps", GPU);
        steps.failed("step lstm batch=32 tf32", "PyTorch said no");
        assertThat(bandwidth.failures()).isZero();
        assertThat(steps.failures()).isEqualTo(1);
        Files.writeString(
                folder.resolve("compiled_steps.jsonl"), "{\"device\":\"" + GPU + "\"}\n{\"failed\":\"cut in the mid");

        GpuReport report = new GpuRun(folder).report(FACTS, false);
        assertThat(report.emulated()).isFalse();
        assertThat(report.facts()).containsEntry("driver", "580.1").containsEntry("device", GPU);
        assertThat(report.sections())
                .extracting(Section::status)
                .containsExactly(
                        Section.Status.PASSED, Section.Status.FAILED, Section.Status.OVERTIME, Section.Status.SKIPPED);
        assertThat(report.sections().get(1).tail())
                .hasLineCount(30)
                .endsWith("the last")
                .doesNotContain("one");
        assertThat(report.sections().get(2).tail()).isEqualTo("it wrote nothing");
        assertThat(report.sections().get(3).tail()).isEqualTo("no compute-sanitizer");
        assertThat(report.failures()).containsExactly(Map.entry("steps: step lstm batch=32 tf32", "PyTorch said no"));
        assertThat(report.refusals())
                .containsExactly(Map.entry("bandwidth: softmax bf16 forward softmax rows=1 cols=2", "there is none"));
        assertThat(report.measurements()).hasSize(1);
        Measurement one = report.measurements().getFirst();
        assertThat(one.nanos()).containsExactly(1000, 1200);
        assertThat(one.anchorNanos()).containsExactly(900, 900);

        Path file = folder.resolve("gpu.json");
        GpuReportFile.write(file, report);
        assertThat(GpuReportFile.read(file)).usingRecursiveComparison().isEqualTo(report);
    }

    @Test
    void aLaterProcessGoesOnBehindTheProblemThatKilledTheFirst() throws IOException {
        sections("bandwidth\t0\t7\t80\t");
        GpuLog first = log("bandwidth", GPU);
        assertThat(first.begin("axpby f32 count=32")).isTrue();
        first.measured("axpby f32 count=32", "cuda:axpby", new double[] {2}, COPY, new double[] {1});
        assertThat(first.begin("lerp f32 count=32")).isTrue();
        Path file = folder.resolve("bandwidth.jsonl");
        Files.writeString(file, Files.readString(file) + "{\"spec\":\"lerp f3");
        assertThat(new GpuRun(folder).report(FACTS, false).failures())
                .containsExactly(Map.entry("bandwidth: lerp f32 count=32", "begun, and never done"));

        GpuLog second = log("bandwidth", GPU);
        assertThat(second.failures()).isEqualTo(1);
        assertThat(second.begin("axpby f32 count=32")).isFalse();
        assertThat(second.begin("lerp f32 count=32")).isFalse();
        assertThat(second.begin("lerp f32 count=64")).isTrue();
        second.refused("lerp f32 count=64", "there is none");
        GpuReport report = new GpuRun(folder).report(FACTS, false);
        assertThat(report.measurements()).hasSize(1);
        assertThat(report.refusals()).hasSize(1);
        assertThat(report.failures())
                .containsExactly(Map.entry("bandwidth: lerp f32 count=32", "the process ended while it ran"));
    }

    @Test
    void aLogThatCannotBeReadTakesNoOtherAlong() throws IOException {
        sections("bandwidth\t0\t7\t80\t", "launches\t0\t1\t25\t");
        Files.writeString(folder.resolve("bandwidth.jsonl"), "{\"device\":\"x\"}\n}{\n{\"begun\":\"y\"}\n");
        log("launches", GPU).measured("a launch", "1 in a row", new double[] {1}, "until done", new double[] {2});
        GpuReport report = new GpuRun(folder).report(FACTS, false);
        assertThat(report.measurements()).hasSize(1);
        assertThat(report.failures().get("bandwidth")).startsWith("bandwidth.jsonl, line 2: ");
    }

    @Test
    void aDamagedLogIsNamedWithItsLineAndOneThatWasNotBegunIsNone() throws IOException {
        sections("steps\t1\t9\t100\t");
        Path log = folder.resolve("steps.jsonl");
        Files.write(log, new byte[0]);
        assertThat(new GpuRun(folder).report(FACTS, false).failures()).isEmpty();
        for (byte[] damage : List.of("[]".getBytes(StandardCharsets.UTF_8), new byte[] {'"', (byte) 0xC3})) {
            Files.writeString(log, "{\"device\":\"" + GPU + "\"}\n");
            Files.write(log, damage, StandardOpenOption.APPEND);
            assertThat(new GpuRun(folder).report(FACTS, false).failures()).isEmpty();
            Files.writeString(log, "\n", StandardOpenOption.APPEND);
            assertThat(new GpuRun(folder).report(FACTS, false).failures())
                    .containsExactly(Map.entry("steps", "steps.jsonl, line 2: no JSON object, so no log of a section"));
        }
        Files.writeString(log, "{\"spec\":1}\n");
        assertThat(new GpuRun(folder).report(FACTS, false).failures())
                .containsExactly(Map.entry("steps", "steps.jsonl, line 1: spec is not text"));
    }

    @Test
    void oneLogOfTheEmulatorMarksEverything() throws IOException {
        sections("launches\t0\t1\t25\t", "racecheck\tskipped\t0\t60\tno GPU\nnor a second line".replace('\n', ' '));
        log("launches", EMULATOR)
                .measured(Launches.CAPTURED_STEP, "1 in a row", new double[] {1e3}, "until done", new double[] {2e3});
        assertThat(said.toString()).startsWith("emulated: ");
        GpuReport report = new GpuRun(folder).report(FACTS, false);
        assertThat(report.emulated()).isTrue();
        assertThat(GpuTables.of(report).stream().filter(line -> !line.isBlank() && !line.startsWith("| ---")))
                .isNotEmpty()
                .allMatch(line -> line.contains("emulated"))
                .noneMatch(line -> line.contains(" met ") || line.contains("missed"));
        assertThat(new GpuRun(folder).report(FACTS, true).emulated()).isTrue();
    }

    /** Verdicts on both sides of each bound; the expected document stands beside the fixture. */
    @Test
    void theTableOfTheFixture() throws IOException {
        Path fixture = folder.resolve("gpu.json");
        Files.write(fixture, resource("gpu.json"));
        assertThat(String.join("\n", GpuTables.of(GpuReportFile.read(fixture))) + "\n")
                .isEqualTo(new String(resource("gpu.md"), StandardCharsets.UTF_8));
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream bytes = GpuReportTest.class.getResourceAsStream(name)) {
            return bytes.readAllBytes();
        }
    }

    @Test
    void aFolderThatIsNotAsTheScriptWritesItIsNamed() throws IOException {
        sections("bandwidth\t0\t7");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GpuRun(folder).report(FACTS, false))
                .withMessageContaining("sections: 'bandwidth\t0\t7' has 3 fields, not 5");
        sections("bandwidth\tx\t7\t80\t");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GpuRun(folder).report(FACTS, false))
                .withMessageContaining("has no number where one belongs");
        Path file = folder.resolve("gpu.json");
        Files.writeString(file, "{\"format\":1}");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GpuReportFile.read(file))
                .withMessageContaining("gpu.json is no report of a GPU: sections is missing");
    }
}
