package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * A program whose 10,000 batches all differ in size, in one open {@code Kernels}, forward and backward: what plans,
 * oneDNN's code and the tape keep is bounded. In a JVM whose heap is as large from the start as it will ever be; without
 * the bounds it dies of that heap, and oneDNN alone takes 430 MB.
 */
@Tag("heavy")
@EnabledOnOs(OS.LINUX)
class ManyShapesTest {
    private static final long MAY_GROW = 64 << 20;

    @Test
    void tenThousandShapesStayBelow64MiB() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms96m",
                        "-Xmx96m",
                        "-XX:+AlwaysPreTouch",
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ManyShapes.class.getName(),
                        "auto")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains("grew by ");
        String grown = output.replaceAll("(?s).*grew by (-?\\d+) bytes.*", "$1");
        assertThat(Long.parseLong(grown)).as(output).isLessThan(MAY_GROW);
    }
}
