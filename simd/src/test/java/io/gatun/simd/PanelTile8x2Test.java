package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.memory.Raw;
import io.gatun.simd.Micro.Strides;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Bit for bit against the loop that the tiles' contract says. */
@Tag("widths")
class PanelTile8x2Test {
    private static final int ROWS = PanelTile8x2.ROWS;
    private static final int WIDTH = PanelTile8x2.VECTORS * Lanes.COUNT;
    private static final float CANARY = 1234.5f;

    private final Random random = new Random(11);
    private final Arena arena = Arena.ofAuto();

    @Test
    void addsChainsOfFmaToTheBase() {
        for (int steps : new int[] {1, 2, 37, 512}) {
            for (int bRow : new int[] {WIDTH, WIDTH + 5}) {
                for (int[] aWalk : new int[][] {{steps + 3, 1}, {1, ROWS + 1}}) {
                    MemorySegment a = floats(ROWS * (steps + 3) + steps * (ROWS + 1));
                    MemorySegment b = floats(steps * bRow);
                    Strides s = strides(aWalk, 4L * bRow, steps);
                    float[] sums = sums(a, aWalk, b, bRow, steps);
                    MemorySegment c = floats(ROWS * (WIDTH + 3));
                    float[] before = c.toArray(ValueLayout.JAVA_FLOAT);
                    MemorySegment row = floats(WIDTH);
                    long cRow = 4L * (WIDTH + 3);
                    PanelTile8x2.run(s, a.address(), b.address(), c.address(), cRow, c.address(), cRow);
                    check(c, (r, j) -> before[r * (WIDTH + 3) + j] + sums[r * WIDTH + j], before);
                    PanelTile8x2.run(s, a.address(), b.address(), row.address(), 0, c.address(), cRow);
                    check(c, (r, j) -> at(row, j) + sums[r * WIDTH + j], before);
                    PanelTile8x2.run(s, a.address(), b.address(), PanelTile8x2.NOTHING, 0, c.address(), cRow);
                    check(c, (r, j) -> sums[r * WIDTH + j], before);
                }
            }
        }
    }

    @Test
    void packsWhatItReads() {
        for (int steps : new int[] {1, 2, 37, 512}) {
            int bRow = WIDTH + 7;
            int[] aWalk = {steps + 3, 1};
            MemorySegment a = floats(ROWS * (steps + 3));
            MemorySegment b = floats(steps * bRow);
            MemorySegment packed = floats((steps + 1) * WIDTH);
            Raw.f32(packed.address(), (long) steps * WIDTH, CANARY);
            MemorySegment c = floats(ROWS * (WIDTH + 3));
            float[] before = c.toArray(ValueLayout.JAVA_FLOAT);
            float[] sums = sums(a, aWalk, b, bRow, steps);
            Strides s = strides(aWalk, PanelTile8x2.ROW_BYTES, steps);
            PackTile8x2.run(s, a.address(), b.address(), 4L * bRow, packed.address(), c.address(), 4L * (WIDTH + 3));
            check(c, (r, j) -> sums[r * WIDTH + j], before);
            for (int k = 0; k < steps; k++) {
                for (int j = 0; j < WIDTH; j++) {
                    assertThat(at(packed, k * WIDTH + j)).isEqualTo(at(b, k * bRow + j));
                }
            }
            assertThat(at(packed, steps * WIDTH)).isEqualTo(CANARY);
        }
    }

    /** A sum that rounds to -0 stays -0 with the base that is nothing: other paths write it so. */
    @Test
    void keepsTheSignOfAZero() {
        MemorySegment a = arena.allocate(4 * ROWS, 4);
        MemorySegment b = arena.allocate(4 * WIDTH, 4);
        for (int i = 0; i < ROWS; i++) {
            a.setAtIndex(ValueLayout.JAVA_FLOAT, i, -1e-30f);
        }
        for (int i = 0; i < WIDTH; i++) {
            b.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1e-30f);
        }
        MemorySegment c = floats(ROWS * WIDTH);
        Strides s = strides(new int[] {1, ROWS}, PanelTile8x2.ROW_BYTES, 1);
        PanelTile8x2.run(s, a.address(), b.address(), PanelTile8x2.NOTHING, 0, c.address(), PanelTile8x2.ROW_BYTES);
        for (int i = 0; i < ROWS * WIDTH; i++) {
            assertThat(Float.floatToRawIntBits(at(c, i))).isEqualTo(Float.floatToRawIntBits(-0.0f));
        }
    }

    private interface Want {
        float at(int row, int column);
    }

    /** The tile, and between its rows what was there before. */
    private static void check(MemorySegment c, Want want, float[] before) {
        for (int r = 0; r < ROWS; r++) {
            for (int j = 0; j < WIDTH + 3; j++) {
                int i = r * (WIDTH + 3) + j;
                float expected = j < WIDTH ? want.at(r, j) : before[i];
                assertThat(Float.floatToRawIntBits(at(c, i)))
                        .as("row %d column %d", r, j)
                        .isEqualTo(Float.floatToRawIntBits(expected));
            }
        }
    }

    private static float[] sums(MemorySegment a, int[] aWalk, MemorySegment b, int bRow, int steps) {
        float[] sums = new float[ROWS * WIDTH];
        for (int r = 0; r < ROWS; r++) {
            for (int j = 0; j < WIDTH; j++) {
                for (int k = 0; k < steps; k++) {
                    float x = at(a, r * aWalk[0] + k * aWalk[1]);
                    sums[r * WIDTH + j] = Math.fma(x, at(b, k * bRow + j), sums[r * WIDTH + j]);
                }
            }
        }
        return sums;
    }

    private static Strides strides(int[] aWalk, long bStep, int steps) {
        return new Strides(4L * aWalk[0], 4L * aWalk[1], bStep, steps, 1, Tiles.NO_OFFSET);
    }

    private MemorySegment floats(int count) {
        MemorySegment floats = arena.allocate(4L * count, 4);
        for (int i = 0; i < count; i++) {
            floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() * 2 - 1);
        }
        return floats;
    }

    private static float at(MemorySegment floats, int i) {
        return floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }
}
