package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** One hash of the weights over thread counts, vector widths, and the interpreter. */
class DeterminismTest {
    private static final int STEPS = 200;

    /** The interpreter is some fifty times slower: fewer steps, compared with as many compiled ones. */
    private static final int INTERPRETED_STEPS = 3;

    @Test
    void weightsDoNotDependOnThreadsAndWidths() throws Exception {
        Set<String> hashes = new LinkedHashSet<>();
        for (int bytes : new int[] {16, 32, 64}) {
            List<String> lines = run(List.of("-XX:MaxVectorSize=" + bytes), STEPS, "1", "2", "3", "7");
            assertThat(lines).hasSize(4);
            hashes.addAll(lines);
        }
        assertThat(hashes).hasSize(1);
    }

    @Test
    void weightsDoNotDependOnTheCompiler() throws Exception {
        List<String> compiled = run(List.of(), INTERPRETED_STEPS, "2");
        List<String> interpreted = run(List.of("-Xint"), INTERPRETED_STEPS, "2");
        assertThat(interpreted).isEqualTo(compiled);
        assertThat(compiled).hasSize(1);
    }

    private static List<String> run(List<String> options, int steps, String... threads) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx512m", "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.addAll(options);
        command.add(WeightsHash.class.getName());
        command.add(Integer.toString(steps));
        command.addAll(List.of(threads));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> lines;
        try (var reader = process.inputReader(StandardCharsets.UTF_8)) {
            lines = reader.lines().toList();
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return lines;
    }
}
