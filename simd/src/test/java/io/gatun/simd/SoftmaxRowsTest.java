package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.Direction;
import io.gatun.spec.SoftmaxSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A row has the same bits whichever way its group went: alone it may take the short one, beside others not. */
@Tag("widths")
class SoftmaxRowsTest {
    /** Around the bounds of the short way: 29 for the largest of all, e^-8 for a row's mean exponential; NaN of both signs. */
    private static final float[] BIASES = {0, -7, -8.5f, -21, 26, 28.5f, 31, 80, -80, 300, -300, 3e38f, -3e38f};

    private static final float[] ODD = {
        Float.NEGATIVE_INFINITY,
        -1e4f,
        -113,
        -105,
        29,
        Math.nextUp(29f),
        // Here e^x 2^38 would be infinite, -0 and 2^-99: its exponent does not fit the bits.
        62.4f,
        63.1f,
        260,
        Float.NaN,
        Float.intBitsToFloat(0xFFC00000),
        Float.POSITIVE_INFINITY,
        -0f
    };

    @ParameterizedTest
    @CsvSource({"SOFTMAX, 37", "LOG_SOFTMAX, 37", "SOFTMAX, 128", "LOG_SOFTMAX, 5", "SOFTMAX, 2100", "LOG_SOFTMAX, 1033"
    })
    void aRowDoesNotSeeItsNeighbours(SoftmaxSpec.Op op, int cols) {
        SplittableRandom random = new SplittableRandom(7);
        int rows = BIASES.length + 2 * ODD.length + 20;
        float[] src = new float[rows * cols];
        for (int r = 0; r < rows; r++) {
            float bias = r < BIASES.length ? BIASES[r] : 0;
            for (int i = 0; i < cols; i++) {
                src[r * cols + i] = bias + (float) random.nextDouble(-2, 2);
            }
            int odd = r - BIASES.length;
            if (odd >= 0 && odd < 2 * ODD.length) {
                // In a whole vector, and in the columns that fill none.
                src[r * cols + (odd < ODD.length ? 0 : cols - 1)] = ODD[odd % ODD.length];
            }
        }
        try (Kernels kernels = Kernels.open("simd", 1);
                Arena arena = Arena.ofConfined()) {
            float[] together = run(kernels, arena, op, rows, cols, src);
            for (int r = 0; r < rows; r++) {
                float[] row = new float[cols];
                System.arraycopy(src, r * cols, row, 0, cols);
                float[] alone = run(kernels, arena, op, 1, cols, row);
                for (int i = 0; i < cols; i++) {
                    float other = together[r * cols + i];
                    assertThat(Float.floatToIntBits(alone[i]))
                            .as("row %d of %s at %d: %s alone, %s", r, op, i, alone[i], other)
                            .isEqualTo(Float.floatToIntBits(other));
                }
            }
        }
    }

    private static float[] run(Kernels kernels, Arena arena, SoftmaxSpec.Op op, int rows, int cols, float[] values) {
        Plan plan = kernels.plan(new SoftmaxSpec(Direction.FORWARD, op, rows, cols));
        MemorySegment src = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
        MemorySegment dst = arena.allocate(src.byteSize(), 4);
        plan.run(src, dst);
        return dst.toArray(ValueLayout.JAVA_FLOAT);
    }
}
