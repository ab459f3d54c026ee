package io.gatun.cuda;

import io.gatun.cuda.runtime.CudaRuntime;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Device memory by rounded size: what was freed is handed out again, because {@code cudaMalloc} and {@code cudaFree} cost
 * tens of microseconds and the latter waits for the device. Reuse needs no waiting: everything runs on one stream, so what
 * a new owner starts comes after what the old one started; a {@link PinnedUpload}, which has another, sees to that itself. Not
 * thread-safe.
 */
final class DevicePool implements AutoCloseable {
    /** What {@code cudaMalloc} rounds to itself, about. */
    private static final long SMALL = 512;

    /** From here on a block is a whole number of the driver's pages. */
    private static final long LARGE = 1 << 20;

    private static final long PAGE = 2 << 20;

    private final CudaRuntime runtime;
    private final Map<Long, Deque<Long>> free = new HashMap<>();

    /** Rounded sizes of the blocks that are in use. */
    private final Map<Long, Long> used = new HashMap<>();

    private long held;
    private long idle;

    DevicePool(CudaRuntime runtime) {
        this.runtime = runtime;
    }

    static long rounded(long bytes) {
        long unit = bytes <= LARGE ? SMALL : PAGE;
        return Math.ceilDiv(Math.max(1, bytes), unit) * unit;
    }

    /** Address of a block, or 0 if neither the pool nor CUDA has one. */
    long take(long bytes) {
        long size = rounded(bytes);
        Deque<Long> blocks = free.get(size);
        if (blocks != null && !blocks.isEmpty()) {
            long address = blocks.pop();
            used.put(address, size);
            idle -= size;
            return address;
        }
        long address = runtime.malloc(size);
        if (address == 0 && idle > 0) {
            trim();
            address = runtime.malloc(size);
        }
        if (address != 0) {
            used.put(address, size);
            held += size;
        }
        return address;
    }

    void giveBack(long address) {
        long size = used.remove(address);
        free.computeIfAbsent(size, _ -> new ArrayDeque<>()).push(address);
        idle += size;
    }

    /** Whether {@link #take} would not have to ask CUDA. */
    boolean hasRoom(long bytes) {
        Deque<Long> blocks = free.get(rounded(bytes));
        return blocks != null && !blocks.isEmpty();
    }

    /** Bytes taken from CUDA. */
    long held() {
        return held;
    }

    /** Bytes of them that nobody uses. */
    long idle() {
        return idle;
    }

    /** Gives CUDA back what nobody uses. */
    void trim() {
        for (Map.Entry<Long, Deque<Long>> blocks : free.entrySet()) {
            while (!blocks.getValue().isEmpty()) {
                runtime.free(blocks.getValue().pop());
                held -= blocks.getKey();
                idle -= blocks.getKey();
            }
        }
        free.clear();
    }

    /** Gives CUDA back everything, in use or not. */
    @Override
    public void close() {
        used.forEach((address, _) -> runtime.free(address));
        used.clear();
        trim();
        held = 0;
    }
}
