package io.gatun.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A device whose memory is the host's, seen through segments that are confined to its keeper: what Java touches though it
 * lies there throws. It copies no memory of another device and none that is closed.
 */
public final class StandInPlace implements Place, AutoCloseable {
    private record Block(Arena confined, Arena real, MemorySegment memory) {}

    private final String name;
    private final MemoryBudget budget;
    private final CompletableFuture<Thread> started = new CompletableFuture<>();
    private final ExecutorService keeping = Executors.newSingleThreadExecutor(task -> {
        Thread keeper = new Thread(task, "keeper");
        keeper.setDaemon(true);
        return keeper;
    });
    private final Map<Long, Block> blocks = new HashMap<>();
    private boolean failing;

    public StandInPlace(String name, long limit) {
        this.name = name;
        this.budget = new MemoryBudget(limit);
        keeping.execute(() -> started.complete(Thread.currentThread()));
    }

    /** Whether the next request is refused. */
    void failNext() {
        failing = true;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Thread keeper() {
        return started.join();
    }

    @Override
    public MemoryBudget budget() {
        return budget;
    }

    @Override
    @SuppressWarnings("restricted")
    public MemorySegment allocate(long bytes, String what) {
        if (failing) {
            failing = false;
            throw new NativeMemoryException(what, bytes, budget.used(), budget.limit());
        }
        Arena real = Arena.ofShared();
        MemorySegment memory = real.allocate(bytes, 256).fill((byte) 0x55);
        return kept(() -> {
            Arena confined = Arena.ofConfined();
            MemorySegment seen = MemorySegment.ofAddress(memory.address()).reinterpret(bytes, confined, null);
            blocks.put(memory.address(), new Block(confined, real, memory));
            return seen;
        });
    }

    @Override
    public void free(MemorySegment block) {
        kept(() -> {
            Block freed = blocks.remove(block.address());
            freed.confined.close();
            freed.real.close();
            return freed;
        });
    }

    byte[] bytes(MemorySegment there) {
        return seen(there).toArray(ValueLayout.JAVA_BYTE);
    }

    public long live() {
        return kept(() -> blocks.values().stream()
                .mapToLong(block -> block.memory.byteSize())
                .sum());
    }

    @SuppressWarnings("restricted")
    private MemorySegment seen(MemorySegment memory) {
        if (!memory.scope().isAlive()) {
            throw new IllegalStateException("memory was used after it was closed");
        }
        return holds(memory) ? MemorySegment.ofAddress(memory.address()).reinterpret(memory.byteSize()) : memory;
    }

    @Override
    public void copy(MemorySegment from, MemorySegment to) {
        seen(to).copyFrom(seen(from));
    }

    @Override
    public Upload upload(MemorySegment there, MemoryBudget host) {
        return new LateUpload(there, host);
    }

    /** Copies as late as it may, and refuses what a device could do too early. */
    private final class LateUpload implements Upload {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment there;
        private final MemorySegment host;
        private final MemoryBudget budget;
        private boolean started;
        private boolean used;

        LateUpload(MemorySegment there, MemoryBudget budget) {
            budget.reserve(there.byteSize(), "an upload");
            this.there = there;
            this.budget = budget;
            this.host = arena.allocate(there.byteSize(), 256);
        }

        @Override
        public MemorySegment host() {
            return host;
        }

        @Override
        public MemorySegment memory() {
            return there;
        }

        @Override
        public synchronized void awaitHost() {
            if (started) {
                copy(host, there);
                started = false;
            }
        }

        @Override
        public synchronized void start() {
            if (used) {
                throw new IllegalStateException("a copy to memory that kernels may still read; call done() first");
            }
            started = true;
        }

        @Override
        public synchronized void use() {
            awaitHost();
            used = true;
        }

        @Override
        public synchronized void done() {
            used = false;
        }

        @Override
        public synchronized void close() {
            if (arena.scope().isAlive()) {
                arena.close();
                budget.release(there.byteSize());
            }
        }
    }

    @Override
    public void fill(MemorySegment memory, byte value) {
        seen(memory).fill(value);
    }

    @Override
    public void fill(MemorySegment floats, float value) {
        Place.HOST.fill(seen(floats), value);
    }

    @Override
    public void put(MemorySegment value, MemorySegment ring, MemorySegment number) {
        Places.requireRing(this, value, ring, number);
        Place.HOST.put(seen(value), seen(ring), seen(number));
    }

    @Override
    public void synchronize() {}

    private <T> T kept(Callable<T> work) {
        Future<T> done = keeping.submit(work);
        try {
            return done.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        keeping.shutdown();
    }
}
