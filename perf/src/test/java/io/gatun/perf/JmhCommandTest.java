package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.perf.results.Measurement;
import io.gatun.perf.results.Results;
import io.gatun.perf.results.ResultsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** JMH with iterations of 10 ms, saved and compared. */
class JmhCommandTest {
    private static final String SPEC = "gemm f32 m=8 n=8 k=8";
    private static final String[] SHORT = {"-wi", "0", "-i", "2", "-r", "10ms", "--threads", "1"};

    @TempDir
    private Path folder;

    /** Two builds on one machine would lock each other out. JMH reads this when its Runner is loaded. */
    @BeforeAll
    static void ignoreTheLock() {
        System.setProperty("jmh.ignoreLock", "true");
    }

    @Test
    void savesSamplesWithTheirAnchorsAndComparesThem() throws Exception {
        String file = folder.resolve("new.json").toString();
        Cli.Result first = jmh("-p", "spec=" + SPEC, "-p", "backend=simd", "-f", "2", "--save", file);
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(first.out()).contains(SPEC + " on simd, 1 thread: ", "(simd:", "1 of 1 benchmarks run");
        Results results = ResultsFile.read(Path.of(file));
        Measurement saved = results.get(SPEC + " on simd, 1 thread");
        assertThat(saved.nanos()).as("of two JVMs").hasSize(4);
        assertThat(saved.implementation()).startsWith("simd:");
        assertThat(saved.date()).matches("\\d{4}-\\d\\d-\\d\\d");
        assertThat(results.environment().facts()).containsKeys("cpu", "vector_bits", "jdk", "onednn");

        // In this JVM, which is quicker. The second benchmark is added, and what is there is not measured again.
        Cli.Result second = jmh("^squares.*m=8 ", "^LSTM: dropout", "-f", "0", "--missing", "--save", file);
        assertThat(second.code()).as(second.err()).isZero();
        assertThat(second.out()).contains("dropout f32").doesNotContain("on simd, 1 thread: " + SPEC);
        Results merged = ResultsFile.read(Path.of(file));
        assertThat(merged.get(saved.id())).usingRecursiveComparison().isEqualTo(saved);
        assertThat(merged.all()).hasSizeGreaterThan(1);

        Cli.Result same = Cli.run("compare", file, file);
        assertThat(same.code()).as(same.err()).isZero();
        assertThat(same.out()).contains(SPEC + " on simd, 1 thread", "0 slower");
    }

    @Test
    void aSlowdownFails() throws Exception {
        Path old = folder.resolve("old.json");
        Path now = folder.resolve("now.json");
        String file = "{\"format\":1,\"environment\":{\"cpu\":\"x\",\"processors\":\"2\",\"vector_bits\":\"512\","
                + "\"os\":\"Linux\",\"jdk\":\"25\",\"onednn\":\"3\"},\"benchmarks\":[{\"spec\":\"" + SPEC
                + "\",\"backend\":\"simd\",\"implementation\":\"simd:x\",\"threads\":2,\"anchor\":\"a\",\"ns\":%s,"
                + "\"anchor_ns\":%s,\"date\":\"\",\"revision\":\"\"}]}";
        String anchors = List.of(50, 51, 50, 51, 50, 51, 50, 51).toString();
        Files.writeString(old, file.formatted(List.of(100, 101, 102, 101, 100, 101, 102, 103), anchors));
        Files.writeString(now, file.formatted(List.of(120, 121, 122, 121, 120, 121, 122, 123), anchors));
        Cli.Result slower = Cli.run("compare", old.toString(), now.toString());
        assertThat(slower.code()).isEqualTo(1);
        assertThat(slower.out()).contains("SLOWER  " + SPEC + " on simd, 2 threads", "1 slower");
        Cli.Result faster = Cli.run("compare", now.toString(), old.toString());
        assertThat(faster.code()).isZero();
        assertThat(faster.out()).contains("1 faster");
    }

    @Test
    void aFileOfAnotherMachineIsNotAddedTo() throws Exception {
        Path file = folder.resolve("other.json");
        Files.writeString(
                file,
                "{\"format\":1,\"environment\":{\"cpu\":\"another\",\"processors\":\"2\",\"vector_bits\":\"512\","
                        + "\"os\":\"Linux\",\"jdk\":\"25\",\"onednn\":\"3\"},\"benchmarks\":[]}");
        Cli.Result result = jmh("-p", "spec=" + SPEC, "-f", "0", "--save", file.toString());
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err())
                .contains(file + " was measured elsewhere: cpu (", ", there another)", "save to another file")
                .hasLineCount(1);
    }

    @Test
    void aBenchmarkThatFailsSaysWhy() {
        Cli.Result result = jmh("-p", "spec=step resnet19", "-p", "backend=simd", "-f", "1", "--save", "never");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("'step resnet19 on simd, 1 thread' failed", "unknown model 'resnet19'");
        assertThat(Path.of("never")).doesNotExist();
    }

    @Test
    void listsWithoutRunning() {
        Cli.Result result = jmh("transformer.*softmax", "--list");
        assertThat(result.code()).isZero();
        assertThat(result.out())
                .contains("softmax f32 forward softmax rows=12288 cols=128 on simd, 1 thread")
                .doesNotContain("gemm");
        assertThat(jmh("--all", "--list").out().lines().count())
                .isGreaterThan(jmh("--list").out().lines().count());
    }

    private static Cli.Result jmh(String... arguments) {
        List<String> all = new ArrayList<>(List.of("jmh"));
        all.addAll(List.of(arguments));
        all.addAll(List.of(SHORT));
        return Cli.run(all.toArray(String[]::new));
    }
}
