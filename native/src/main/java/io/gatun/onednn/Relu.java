package io.gatun.onednn;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * dst = max(0, dst) in place with NaN kept, behind a primitive: oneDNN's own relu gives 0 for NaN, which makes a diverged
 * net look healthy, and so does its clip. Each thread does it to the piece that it has just computed, while much of that lies
 * in its L2 (in smaller pieces, so that all of it does, ResNet-20 took as long).
 *
 * @param slot of the buffer, which has {@code batch} matrices of {@code rows} x {@code cols}
 */
record Relu(int slot, long batch, long batchStride, long rows, long rowStride, long cols) {
    private static final ValueLayout.OfInt BITS = ValueLayout.JAVA_INT_UNALIGNED;

    /** Floats that one piece of work takes: 64 KB, so that a piece is longer than handing it out. */
    private static final int PIECE = 16_384;

    /** Behind -Infinity, as an integer, come the NaNs with a sign: -8,388,607 to -1. */
    private static final int FIRST_NAN = Float.floatToRawIntBits(Float.NEGATIVE_INFINITY) + 1;

    /** A buffer without gaps. */
    static Relu dense(int slot, long floats) {
        return new Relu(slot, 1, floats, 1, floats, floats);
    }

    /** All of it, divided among the pool: for a primitive that was not. */
    OneDnnKernel.Step step(Workers workers) {
        if (rowStride == cols && (batch == 1 || batchStride == rows * cols)) {
            long floats = batch * rows * cols;
            Task piece = (frame, index, worker) -> apply(frame[slot] + (long) index * PIECE * Float.BYTES, (int)
                    Math.min(PIECE, floats - (long) index * PIECE));
            int count = Math.toIntExact((floats + PIECE - 1) / PIECE);
            return frame -> workers.runApart(count, piece, frame);
        }
        Task row = (frame, index, worker) -> part(frame, index / rows, index % rows, 1, 0, cols);
        int count = Math.toIntExact(batch * rows);
        return frame -> workers.runApart(count, row, frame);
    }

    /** Matrices {@code from} to {@code from + count - 1}. */
    void matrices(long[] frame, long from, long count) {
        for (long matrix = from; matrix < from + count; matrix++) {
            part(frame, matrix, 0, rows, 0, cols);
        }
    }

    /** So many rows of one matrix, and of them so many columns. */
    void part(long[] frame, long matrix, long row, long rowCount, long column, long columnCount) {
        long at = frame[slot] + (matrix * batchStride + row * rowStride + column) * Float.BYTES;
        if (columnCount == rowStride) {
            run(at, rowCount * columnCount);
            return;
        }
        for (long r = 0; r < rowCount; r++) {
            run(at + r * rowStride * Float.BYTES, columnCount);
        }
    }

    /** Floats in a row. */
    static void run(long address, long floats) {
        for (long from = 0; from < floats; from += PIECE) {
            apply(address + from * Float.BYTES, (int) Math.min(PIECE, floats - from));
        }
    }

    /**
     * Clears what is not above zero by the bits, -0 too. C2 makes vectors of this loop, integers in a slice whose bounds it
     * knows: 64 KB take 0.4 us, where a loop of Math.max took 17.
     */
    private static void apply(long address, int floats) {
        MemorySegment values = Raw.MEMORY.asSlice(address, (long) floats * Float.BYTES);
        for (int i = 0; i < floats; i++) {
            int bits = values.get(BITS, i * 4L);
            int clear = Math.min(bits, 0) - FIRST_NAN >> 31;
            values.set(BITS, i * 4L, bits & ~clear);
        }
    }
}
