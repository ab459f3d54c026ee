package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.Spec;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every operand flush against an unmapped page, first with its end and then with its start: a kernel that reads or
 * writes one byte outside kills the JVM, so this runs in a forked one, which must exit with 0. A subclass names its
 * backend, as for {@link KernelContract}; flags like {@code -XX:MaxVectorSize} are handed on.
 */
public abstract class GuardPages {
    /** The backend under test. */
    protected abstract String backend();

    /** The families to run; all by default. */
    protected Set<Class<? extends Spec>> families() {
        return Families.ALL.stream().map(f -> f.type).collect(Collectors.toUnmodifiableSet());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void staysWithinItsBuffers(@TempDir Path directory) throws IOException, InterruptedException {
        String names = families().stream().map(f -> Families.of(f).name()).collect(Collectors.joining(","));
        Process process = new ProcessBuilder(command(directory, backend(), names))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        String output = java.nio.file.Files.readString(directory.resolve("output"), StandardCharsets.UTF_8);
        assertThat(process.exitValue())
                .as("exit status; a crash is in the last spec named: %s", lastLines(output))
                .isZero();
        assertThat(output).as("the run's own count").contains("guarded runs: ").doesNotContain("guarded runs: 0 ");
    }

    private static List<String> command(Path directory, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        List<String> own = ManagementFactory.getRuntimeMXBean().getInputArguments();
        for (String argument : own) {
            // Two-word options arrive joined by '='.
            if (argument.startsWith("--add-modules")
                    || argument.startsWith("--enable-native-access")
                    || argument.startsWith("-XX:MaxVectorSize")
                    || argument.startsWith("-Dgatun.")) {
                command.add(argument);
            }
        }
        command.add("-Xmx512m");
        command.add("-XX:-CreateCoredumpOnCrash");
        command.add("-XX:ErrorFile=" + directory.resolve("crash"));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(GuardedRuns.class.getName());
        command.addAll(List.of(arguments));
        return command;
    }

    private static String lastLines(String output) {
        List<String> lines =
                output.lines().filter(l -> !l.startsWith("#") && !l.isBlank()).toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 4), lines.size()));
    }
}
