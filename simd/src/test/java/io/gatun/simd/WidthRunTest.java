package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The build runs the tests tagged widths again at 128 and 256 bits: those runs must not be a second default. */
class WidthRunTest {
    private static final String OPTION = "-XX:MaxVectorSize=";

    @Test
    @Tag("widths")
    void theJvmsWidthIsInEffect() {
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith(OPTION))
                .map(argument -> Integer.parseInt(argument.substring(OPTION.length())))
                .forEach(bytes -> assertThat(FloatVector.SPECIES_PREFERRED.vectorByteSize())
                        .isEqualTo(bytes));
    }
}
