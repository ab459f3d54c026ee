package io.gatun.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The thread that owns the arenas of a device's segments and never touches what they hold: so every touch from Java
 * throws. A hand-over costs some microseconds, which is why scopes take blocks and not tensors. Thread-safe.
 */
final class Keeper implements AutoCloseable {
    private final ExecutorService executor;
    private final Thread thread;

    /** By address; only the keeper's own tasks use it. */
    private final Map<Long, Arena> arenas = new HashMap<>();

    Keeper(String name) {
        executor = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name(name).daemon().factory());
        thread = kept(Thread::currentThread);
    }

    Thread thread() {
        return thread;
    }

    /** A segment over device memory that lives until it is released. */
    @SuppressWarnings("restricted")
    MemorySegment segment(long address, long bytes) {
        return kept(() -> {
            Arena arena = Arena.ofConfined();
            arenas.put(address, arena);
            return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
        });
    }

    /** Ends the segment and its slices; false if there is none at that address. */
    boolean release(long address) {
        return kept(() -> {
            Arena arena = arenas.remove(address);
            if (arena != null) {
                arena.close();
            }
            return arena != null;
        });
    }

    /** Ends all segments that are left, and the thread. */
    @Override
    public void close() {
        kept(() -> {
            arenas.values().forEach(Arena::close);
            arenas.clear();
            return true;
        });
        executor.shutdown();
    }

    /** Waits uninterruptibly: the task takes a microsecond and must not be half done. */
    private <T> T kept(Callable<T> task) {
        Future<T> future = executor.submit(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("the keeper of a device's memory failed", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
