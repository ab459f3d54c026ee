package io.gatun.onednn;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/** Adds the gradients that the pieces of a divided problem have left, in the order of the pieces. */
final class Sums {
    /** Floats that one piece of work takes: 16 KB of the sum. */
    private static final long PART = 4_096;

    private Sums() {}

    /** first piece += second += … for {@code pieces} equal parts of {@code place}. */
    static OneDnnKernel.Step step(Workers workers, Invocation.Place place, int pieces) {
        long stride = place.bytes() / pieces;
        long floats = stride / Float.BYTES;
        Task part = (frame, index, worker) -> {
            long from = index * PART;
            int count = (int) Math.min(PART, floats - from);
            long sum = place.address(frame) + from * Float.BYTES;
            for (int piece = 1; piece < pieces; piece++) {
                add(sum, sum + piece * stride, count);
            }
        };
        int parts = Math.toIntExact((floats + PART - 1) / PART);
        return frame -> workers.runApart(parts, part, frame);
    }

    private static void add(long sum, long next, int floats) {
        for (int i = 0; i < floats; i++) {
            Raw.f32(sum, i, Raw.f32(sum, i) + Raw.f32(next, i));
        }
    }
}
