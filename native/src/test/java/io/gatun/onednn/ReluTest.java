package io.gatun.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.memory.Raw;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

/** The pass behind oneDNN's primitives works on bits: every kind of float, NaN of both signs among them. */
class ReluTest {
    private static final float[] VALUES = {
        Float.NaN,
        Float.intBitsToFloat(0xFFC00000),
        Float.intBitsToFloat(0xFF800001),
        Float.intBitsToFloat(-1),
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        -0f,
        0f,
        -1,
        1
    };

    @Test
    void nanStaysAndWhatIsBelowZeroBecomesZero() {
        try (Arena arena = Arena.ofConfined()) {
            // Behind a piece of 16,384 floats, whose loop is vectors, a tail of 30.
            int count = 16_384 + 30;
            long at = arena.allocate(4L * count, 4).address();
            for (int round = 0; round < 50; round++) {
                for (int i = 0; i < count; i++) {
                    Raw.f32(at, i, VALUES[(i + round) % VALUES.length]);
                }
                Relu.run(at, count);
                for (int i = 0; i < count; i++) {
                    float value = VALUES[(i + round) % VALUES.length];
                    if (Float.compare(Raw.f32(at, i), Math.max(value, 0)) != 0) {
                        assertThat(Raw.f32(at, i)).as("relu(%s)", value).isEqualTo(Math.max(value, 0));
                    }
                }
            }
        }
    }
}
