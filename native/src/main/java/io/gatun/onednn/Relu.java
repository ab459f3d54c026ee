package io.gatun.onednn;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * dst = max(0, dst) in place with NaN kept, after a primitive: oneDNN's own relu gives 0 for NaN, which makes a
 * diverged net look healthy. Memory bound, and dst has just been in the cache.
 */
final class Relu {
    /** Floats that one piece of work takes: 64 KB, so that a piece is longer than handing it out. */
    private static final long PIECE = 16_384;

    private Relu() {}

    /** On {@code batch} matrices of {@code rows} x {@code cols} in the buffer of the given slot. */
    static OneDnnKernel.Step rows(
            Workers workers, int slot, long batch, long batchStride, long rows, long rowStride, long cols) {
        if (rowStride == cols && (batch == 1 || batchStride == rows * cols)) {
            return dense(workers, slot, batch * rows * cols);
        }
        Task row = (frame, index, worker) ->
                apply(frame[slot] + (index / rows * batchStride + index % rows * rowStride) * Float.BYTES, cols);
        int count = Math.toIntExact(batch * rows);
        return frame -> workers.runApart(count, row, frame);
    }

    static OneDnnKernel.Step dense(Workers workers, int slot, long floats) {
        Task piece = (frame, index, worker) ->
                apply(frame[slot] + index * PIECE * Float.BYTES, Math.min(PIECE, floats - index * PIECE));
        int count = Math.toIntExact((floats + PIECE - 1) / PIECE);
        return frame -> workers.runApart(count, piece, frame);
    }

    private static void apply(long address, long floats) {
        for (int i = 0; i < floats; i++) {
            Raw.f32(address, i, Math.max(Raw.f32(address, i), 0));
        }
    }
}
