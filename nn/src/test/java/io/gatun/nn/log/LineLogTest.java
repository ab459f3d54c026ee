package io.gatun.nn.log;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.io.WriteException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class LineLogTest {
    /** Linux has a device on which no byte finds room. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskIsNamed() throws IOException {
        Path full = Path.of("/dev/full");
        LineLog log = LineLog.fresh(full);
        assertThatThrownBy(() -> log.line("a line"))
                .isInstanceOf(WriteException.class)
                .hasMessage("/dev/full: No space left on device");
    }
}
