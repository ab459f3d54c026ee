package io.gatun.perf.bench;

import io.gatun.kernel.Operand;
import io.gatun.memory.Scope;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;

/**
 * The yardstick of kernels that memory bounds: moves the bytes that the kernel must move, half of them read and half
 * written, between two buffers that together are as large as the operands, so that what fits a cache for the kernel fits it
 * for the copy. Bytes that must move are {@link Spec#bytes} and, of {@link Spec#bytesAgain}, what is more than the cores'
 * own caches hold: a second reading from the cache that all share takes the way that the copy takes (8 MB: 38 us for a
 * reading, 100 for a copy).
 *
 * <p>In pieces of 256 KB, below the size from which the JVM copies past the caches: a kernel written in Java cannot do
 * that either. So each line written is first read, and 2 bytes in 3 are useful when memory is the limit.
 */
final class Copy implements Racer, Task {
    static final String NAME = "copy";

    private static final long PIECE = 256 * 1024;

    private final double counted;
    private final Workers workers;
    private final MemorySegment from;
    private final MemorySegment to;
    private final double moved;
    private final long bytes;

    Copy(Spec spec, Workers workers, Scope scope) {
        this.counted = spec.bytes();
        this.workers = workers;
        long set = 0;
        for (Operand operand : spec.operands()) {
            set += operand.bytes();
        }
        long half = Math.max(64, set / 2);
        this.from = scope.allocate(half, "copied from");
        this.to = scope.allocate(half, "copied to");
        double kept = (double) workers.threads() * OwnCache.BYTES;
        this.moved = spec.bytes() + Math.max(0, spec.bytesAgain() - kept);
        this.bytes = Math.max(64, (long) (moved / 2));
        from.fill((byte) 1);
    }

    @Override
    public double once() {
        return counted / moved;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String implementation() {
        return "copy of as many bytes";
    }

    @Override
    public void run() {
        workers.run(Math.toIntExact((bytes + PIECE - 1) / PIECE), this, null);
    }

    /** Where operands are updated or read again the bytes are more than the buffers hold: the copy begins again. */
    @Override
    public void run(long[] frame, int index, int worker) {
        long done = index * PIECE;
        long end = Math.min(bytes, done + PIECE);
        while (done < end) {
            long at = done % from.byteSize();
            long length = Math.min(end - done, from.byteSize() - at);
            MemorySegment.copy(from, at, to, at, length);
            done += length;
        }
    }
}
