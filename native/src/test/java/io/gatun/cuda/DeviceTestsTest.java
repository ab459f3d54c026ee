package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tests as they run on a GPU: without Maven, and with the emulator in the GPU's place without its settings. */
@RequiresEmulation
class DeviceTestsTest {
    static final class Mixed {
        @Test
        void passes() {}

        @Test
        void fails() {
            throw new AssertionError("on purpose");
        }

        @Test
        void isAborted() {
            assumeTrue(false, "not here");
        }

        @Test
        @Disabled("never")
        void isSkipped() {}
    }

    static final class Nothing {
        @Test
        @Disabled("never")
        void isSkipped() {}
    }

    private static String run(boolean expected, Class<?> tests) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        assertThat(new DeviceTests(out).run(tests.getName())).isEqualTo(expected);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void failuresAndSkipsAreSaid() {
        assertThat(run(false, Mixed.class))
                .contains("1 passed, 1 failed, 2 skipped")
                .contains("FAILED DeviceTestsTest$Mixed: fails()", "AssertionError: on purpose")
                .contains("SKIPPED DeviceTestsTest$Mixed: isAborted()", "not here")
                .contains("SKIPPED DeviceTestsTest$Mixed: isSkipped()", "never");
        assertThat(run(false, Nothing.class)).contains("0 passed, 0 failed, 1 skipped");
    }

    @Test
    void aGpuRunsWhatNeedsNoEmulatorAndSaysWhatItSkips(@TempDir Path folder) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-ea",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dgatun.test.cuda=device",
                        "-Dgatun.cuda.path=" + Emulation.folder().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        DeviceTests.class.getName(),
                        CaptureTest.class.getName(),
                        IndexFaultsTest.class.getName(),
                        LeakTest.class.getName())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output)
                .contains("SKIPPED LeakTest", Emulation.ONLY_EMULATED)
                .contains("ON A DEVICE: ASYNC=1 is a setting of the emulator, without effect")
                .containsPattern("\\d\\d passed, 0 failed, 1 skipped")
                .doesNotContain("no GPU is tested");
    }
}
