package io.gatun.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CropMirrorNormalizeTest {
    private final Kernels kernels = Kernels.open("simd", 2);
    private final Tape tape = new Tape(kernels, NativeMemory.standard());
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment pixels =
            arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) 255);
    private final Tensor src = tape.input(Shape.of(1, 2, 3, 1), DType.U8, pixels);
    private final float[] table = new float[256];

    CropMirrorNormalizeTest() {
        for (int i = 0; i < 256; i++) {
            table[i] = 10 * i + 7;
        }
    }

    @AfterEach
    void close() {
        tape.close();
        kernels.close();
        arena.close();
    }

    private Tensor cut(int top, int left, int mirrored, int height, int width) {
        return Images.cropMirrorNormalize(
                src, tape.integers(Shape.of(1, 3), top, left, mirrored), height, width, table);
    }

    @Test
    void cutsAWindowAndMirrorsIt() {
        assertThat(cut(0, 0, 0, 2, 3).toArray()).containsExactly(17, 27, 37, 47, 57, 2557);
        assertThat(cut(1, 1, 0, 1, 2).toArray()).containsExactly(57, 2557);
        assertThat(cut(1, 1, 1, 1, 2).toArray()).containsExactly(2557, 57);
        // Above the image and left of it is byte 0.
        assertThat(cut(-1, -1, 0, 2, 2).toArray()).containsExactly(7, 7, 7, 17);
        assertThat(cut(1, 2, 1, 2, 2).toArray()).containsExactly(7, 2557, 7, 7);
        assertThat(cut(0, 0, 0, 2, 3).requiresGrad()).isFalse();
    }

    @Test
    void aRepetitionTakesThePixelsOfItsTime() {
        MemorySegment windows = arena.allocateFrom(ValueLayout.JAVA_INT, 0, 0, 0);
        try (CapturedStep step = tape.capture(() -> Images.cropMirrorNormalize(
                        tape.input(Shape.of(1, 2, 3, 1), DType.U8, pixels),
                        tape.indices(Shape.of(1, 3), windows),
                        1,
                        3,
                        table)
                .sum())) {
            assertThat(step.forward(0)).isEqualTo(17 + 27 + 37);
            pixels.set(ValueLayout.JAVA_BYTE, 0, (byte) -1);
            windows.setAtIndex(ValueLayout.JAVA_INT, 1, -1);
            assertThat(step.forward(1)).isEqualTo(7 + 2557 + 27);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Images.cropMirrorNormalize(src, tape.integers(Shape.of(3), 0, 0, 0), 2, 3, table))
                .withMessage("cropMirrorNormalize: src [1x2x3x1], windows [3] and a table of 256 numbers do not fit;"
                        + " windows are [n x 3] and the table has 256 for each channel of src [n x h x w x c]");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        Images.cropMirrorNormalize(src, tape.integers(Shape.of(1, 3), 0, 0, 0), 2, 3, new float[255]))
                .withMessageContaining("a table of 255 numbers");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Images.cropMirrorNormalize(
                        tape.zeros(Shape.of(1, 2, 3, 1)), tape.integers(Shape.of(1, 3), 0, 0, 0), 2, 3, table))
                .withMessageContaining("is f32, must be u8");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cut(0, 0, 0, 0, 3))
                .withMessageContaining("cropmirrornormalize: oh=0 is not at least 1");
    }
}
