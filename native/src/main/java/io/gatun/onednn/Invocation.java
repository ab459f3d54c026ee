package io.gatun.onednn;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * One place in a kernel where a primitive runs, with its arguments' places. It may run on several threads at once: each
 * takes a set of arguments from the pool here. Nothing is allocated once there are as many sets as threads at once.
 */
final class Invocation implements AutoCloseable {
    /** Executions at once beyond these go through a queue, which allocates a node each. */
    private static final int POOL = 16;

    /** A place in a kernel's frame: the address in {@code slot}, {@code offset} bytes on, with {@code bytes} of room. */
    record Place(int slot, long offset, long bytes) {
        long address(long[] frame) {
            return frame[slot] + offset;
        }

        /** What lies from {@code skip} bytes on. */
        Place from(long skip) {
            return new Place(slot, offset + skip, bytes - skip);
        }
    }

    /**
     * Argument {@code key} (one of {@code DNNL_ARG_*}) lies at {@code place}, {@code perPiece} bytes further on for each
     * piece of a divided problem and {@code perWorker} for each thread of the pool.
     */
    record Binding(int key, Place place, long perPiece, long perWorker, Vector vector) {
        Binding(int key, Place place, long perPiece, long perWorker) {
            this(key, place, perPiece, perWorker, null);
        }
    }

    /** The layout of an argument that a primitive does not know it has: its scales and zero points. */
    record Vector(int type, long elements) {}

    private final Engine engine;
    private final Object problem;
    private final Primitive primitive;
    private final int threads;
    private final List<Binding> bindings;
    private final int[] slots;
    private final long[] offsets;
    private final long[] perPiece;
    private final long[] perWorker;
    private final AtomicReferenceArray<ArgumentSet> pool = new AtomicReferenceArray<>(POOL);
    private final Queue<ArgumentSet> overflow = new ConcurrentLinkedQueue<>();

    /**
     * An execution under {@code threads} OpenMP threads, the same as the primitive was made under.
     *
     * @param problem printed in errors
     */
    Invocation(Engine engine, Object problem, Primitive primitive, int threads, List<Binding> bindings) {
        this.engine = engine;
        this.problem = problem;
        this.primitive = primitive;
        this.threads = threads;
        this.bindings = List.copyOf(bindings);
        this.slots = bindings.stream().mapToInt(b -> b.place().slot()).toArray();
        this.offsets = bindings.stream().mapToLong(b -> b.place().offset()).toArray();
        this.perPiece = bindings.stream().mapToLong(Binding::perPiece).toArray();
        this.perWorker = bindings.stream().mapToLong(Binding::perWorker).toArray();
    }

    /** Runs on the current thread. */
    void run(long[] frame, int piece, int worker) {
        ArgumentSet set = acquire();
        try {
            for (int i = 0; i < slots.length; i++) {
                set.bind(i, frame[slots[i]] + offsets[i] + piece * perPiece[i] + worker * perWorker[i], problem);
            }
            HotCalls.setThreads(threads);
            set.execute(primitive, problem);
        } finally {
            release(set);
        }
    }

    private ArgumentSet acquire() {
        for (int i = 0; i < POOL; i++) {
            if (pool.getPlain(i) != null) {
                ArgumentSet set = pool.getAndSet(i, null);
                if (set != null) {
                    return set;
                }
            }
        }
        ArgumentSet set = overflow.poll();
        return set != null ? set : new ArgumentSet(engine, primitive, bindings, problem);
    }

    private void release(ArgumentSet set) {
        for (int i = 0; i < POOL; i++) {
            if (pool.getPlain(i) == null && pool.compareAndSet(i, null, set)) {
                return;
            }
        }
        overflow.add(set);
    }

    /** Destroys the argument sets; the primitive is its kernel's. Nothing may be running. */
    @Override
    public void close() {
        for (int i = 0; i < POOL; i++) {
            ArgumentSet set = pool.getAndSet(i, null);
            if (set != null) {
                set.close();
            }
        }
        for (ArgumentSet set = overflow.poll(); set != null; set = overflow.poll()) {
            set.close();
        }
    }
}
