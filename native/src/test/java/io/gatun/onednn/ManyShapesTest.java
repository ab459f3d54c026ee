package io.gatun.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * That closing a session gives everything back: primitives, layouts, memory objects, streams, generated code. In a JVM
 * of its own, whose heap is as large from the start as it will ever be.
 */
@Tag("heavy")
@RequiresOneDnn
class ManyShapesTest {
    private static final long MAY_GROW = 64 << 20;

    @Test
    void tenThousandShapesLeaveNothingBehind() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms64m",
                        "-Xmx64m",
                        "-XX:+AlwaysPreTouch",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ManyShapes.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).startsWith("grew by ");
        assertThat(Long.parseLong(output.strip().replaceAll("[^-\\d]", "")))
                .as(output)
                .isLessThan(MAY_GROW);
    }
}
