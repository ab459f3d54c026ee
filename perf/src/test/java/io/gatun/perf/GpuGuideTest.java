package io.gatun.perf;

import io.gatun.cuda.RequiresEmulation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The programs of {@code docs/guide/gpu.md}, as {@link GuideSnippetsTest} runs those of the others, on the emulator. */
@RequiresEmulation
class GpuGuideTest {
    @TempDir
    private static Path folder;

    @TestFactory
    Stream<DynamicTest> runs() throws IOException {
        return GuideSnippetsTest.tests(folder, GuideSnippetsTest.GPU::equals);
    }
}
