package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.kernel.Choices;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuneCommandTest {
    @TempDir
    private Path folder;

    /** Whatever the race says, the file overrules exactly the problems that the output says so of. */
    @Test
    void whatIsMeasuredIsWhatAutoThenTakes() throws IOException {
        Path specs = Files.writeString(
                folder.resolve("specs"), "gemm f32 m=8 n=8 k=8\n\nconv f32 forward n=2 h=8 w=8 ic=8 oc=8 kh=3 kw=3\n");
        Path file = folder.resolve("choices");
        Cli.Result result = Cli.run(
                "tune",
                "mlp",
                "--batch",
                "8",
                "--specs",
                specs.toString(),
                "--save",
                file.toString(),
                "--threads",
                "1",
                "--seconds",
                "0.01");
        assumeTrue(!result.err().contains("backend onednn was demanded"), "SKIPPED: " + result.err());
        assertThat(result.code()).as(result.err()).isZero();
        Choices choices = Choices.read(file);
        assertThat(Files.readString(file)).contains("# cpu: ").contains("# threads: 1");
        int raced = 0;
        try (Kernels kernels = Kernels.open(choices, 1, NativeMemory.standard());
                Kernels rules = Kernels.open(Choices.NONE, 1, NativeMemory.standard())) {
            for (String line : result.out().lines().toList()) {
                if (!line.startsWith("simd ")) {
                    continue;
                }
                raced++;
                Spec spec = Spec.parse(line.substring(line.lastIndexOf("  ") + 2));
                String rule = rules.plan(spec).backend();
                String other = rule.equals("simd") ? "onednn" : "simd";
                boolean differs = line.contains(rule + " -> " + other);
                assertThat(choices.backend(spec)).isEqualTo(differs ? other : null);
                assertThat(kernels.plan(spec).backend()).isEqualTo(differs ? other : rule);
            }
        }
        assertThat(raced).as(result.out()).isGreaterThanOrEqualTo(10);
        assertThat(result.lastLine()).startsWith(choices.size() + " of the rules are wrong here");
    }
}
