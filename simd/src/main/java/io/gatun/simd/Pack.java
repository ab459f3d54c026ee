package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** Copies of blocks of matrices to where a micro-kernel reads them one line after the other. Strides are in bytes. */
final class Pack {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** Bytes of a cache line. */
    private static final long LINE = 64;

    private Pack() {}

    /** {@code steps} rows of {@code columns} floats to rows of {@code width}, zeros behind; width is whole vectors. */
    static void rows(long source, long sourceRow, int steps, int columns, int width, long panel) {
        if (columns == width && columns == 2 * Lanes.COUNT) {
            pairs(source, sourceRow, steps, panel);
            return;
        }
        int full = columns / Lanes.COUNT * Lanes.COUNT;
        VectorMask<Float> rest = F.indexInRange(full, columns);
        long fullBytes = 4L * full;
        for (int k = 0; k < steps; k++) {
            long v = 0;
            for (; v < fullBytes; v += Lanes.BYTES) {
                fromMemorySegment(F, MEMORY, source + v, ORDER).intoMemorySegment(MEMORY, panel + v, ORDER);
            }
            if (full < columns) {
                fromMemorySegment(F, MEMORY, source + v, ORDER, rest).intoMemorySegment(MEMORY, panel + v, ORDER);
                v += Lanes.BYTES;
            }
            for (; v < 4L * width; v += Lanes.BYTES) {
                FloatVector.zero(F).intoMemorySegment(MEMORY, panel + v, ORDER);
            }
            source += sourceRow;
            panel += 4L * width;
        }
    }

    /** Rows of two vectors. */
    private static void pairs(long source, long sourceRow, int steps, long panel) {
        long from = source;
        long end = panel + 2 * Lanes.BYTES * steps;
        for (long to = panel; to < end; to += 2 * Lanes.BYTES) {
            long here = to & Micro.ADDRESS;
            long there = from & Micro.ADDRESS;
            FloatVector a = fromMemorySegment(F, MEMORY, there, ORDER);
            FloatVector b = fromMemorySegment(F, MEMORY, there + Lanes.BYTES, ORDER);
            a.intoMemorySegment(MEMORY, here, ORDER);
            b.intoMemorySegment(MEMORY, here + Lanes.BYTES, ORDER);
            from += sourceRow;
        }
    }

    /** {@code columns} rows of {@code steps} floats, turned: row c becomes column c of the panel, zeros behind. */
    static void columns(long source, long sourceRow, int steps, int columns, int width, long panel) {
        long panelRow = 4L * width;
        int squareSteps = steps / Lanes.COUNT * Lanes.COUNT;
        int squareColumns = columns / Lanes.COUNT * Lanes.COUNT;
        for (int k = 0; k < squareSteps; k += Lanes.COUNT) {
            for (int c = 0; c < squareColumns; c += Lanes.COUNT) {
                Transpose.square(source + c * sourceRow + 4L * k, sourceRow, panel + k * panelRow + 4L * c, panelRow);
            }
        }
        for (int c = 0; c < columns; c++) {
            int k = c < squareColumns ? squareSteps : 0;
            turn(source + c * sourceRow + 4L * k, steps - k, panelRow, panel + k * panelRow + 4L * c);
        }
        if (columns < width) {
            for (int k = 0; k < steps; k++) {
                zero(panel + k * panelRow + 4L * columns, width - columns);
            }
        }
    }

    private static void turn(long from, int steps, long toRow, long to) {
        for (long end = from + 4L * steps; from < end; from += 4, to += toRow) {
            MEMORY.set(JAVA_FLOAT_UNALIGNED, to, MEMORY.get(JAVA_FLOAT_UNALIGNED, from));
        }
    }

    /** {@code floats} zeros. */
    static void zero(long to, int floats) {
        long end = to + 4L * floats;
        for (; to <= end - Lanes.BYTES; to += Lanes.BYTES) {
            FloatVector.zero(F).intoMemorySegment(MEMORY, to, ORDER);
        }
        for (; to < end; to += 4) {
            MEMORY.set(JAVA_FLOAT_UNALIGNED, to, 0);
        }
    }

    /** {@code floats} floats. */
    static void move(long from, long to, int floats) {
        long end = to + 4L * floats;
        for (; to <= end - Lanes.BYTES; to += Lanes.BYTES, from += Lanes.BYTES) {
            fromMemorySegment(F, MEMORY, from, ORDER).intoMemorySegment(MEMORY, to, ORDER);
        }
        for (; to < end; to += 4, from += 4) {
            MEMORY.set(JAVA_FLOAT_UNALIGNED, to, MEMORY.get(JAVA_FLOAT_UNALIGNED, from));
        }
    }

    /** {@code rows} rows of {@code columns} floats, as they are. */
    static void block(long source, long sourceRow, int rows, int columns, long to, long toRow) {
        for (int r = 0; r < rows; r++) {
            MemorySegment.copy(MEMORY, source, MEMORY, to, 4L * columns);
            source += sourceRow;
            to += toRow;
        }
    }

    /**
     * Reads {@code bytes} bytes in the order in which they lie, and no more: what a loop then walks in
     * several places at once lies in L2, and comes there at the speed of a stream. Half a cycle a line that is there already.
     *
     * @return nothing of use, so that the reads are not optimized away
     */
    static long fetch(long from, long bytes) {
        long any = 0;
        long at = from & Micro.ADDRESS;
        for (long end = at + bytes - 4 * LINE; at <= end; at += 4 * LINE) {
            any |= MEMORY.get(JAVA_LONG_UNALIGNED, at)
                    | MEMORY.get(JAVA_LONG_UNALIGNED, at + LINE)
                    | MEMORY.get(JAVA_LONG_UNALIGNED, at + 2 * LINE)
                    | MEMORY.get(JAVA_LONG_UNALIGNED, at + 3 * LINE);
        }
        return any;
    }
}
