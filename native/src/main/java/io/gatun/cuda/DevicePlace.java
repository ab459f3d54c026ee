package io.gatun.cuda;

import io.gatun.cuda.kernels.Arg;
import io.gatun.cuda.kernels.Grid;
import io.gatun.cuda.kernels.Recipe;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.cuda.runtime.CudaRuntime.Copy;
import io.gatun.cuda.runtime.GraphExec;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.Place;
import io.gatun.memory.Replay;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The memory of one CUDA device, reached by copies on the context's stream. Blocks are aligned to 256 bytes. */
final class DevicePlace implements Place, AutoCloseable {
    /** As every float it is a NaN. */
    private static final int POISON = 0xFF;

    private final CudaContext context;
    private final String name;
    private final Keeper keeper;
    private final DeviceBudget budget;
    private final boolean debug = Boolean.getBoolean("gatun.memory.debug");
    private final DevicePool pool;

    /** Made by the first copy from the host. */
    private Staging staging;

    DevicePlace(CudaContext context, String name, DeviceBudget budget) {
        this.context = context;
        this.name = name;
        this.keeper = new Keeper(name);
        this.budget = budget;
        this.pool = new DevicePool(context.runtime());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Thread keeper() {
        return keeper.thread();
    }

    @Override
    public MemoryBudget budget() {
        return budget;
    }

    @Override
    public MemorySegment allocate(long bytes, String what) {
        context.lock();
        try {
            context.requireOpen();
            CudaRuntime runtime = context.runtime();
            runtime.requireAlive();
            if (!pool.hasRoom(bytes)) {
                context.requireNoCapture("allocate " + bytes + " bytes for " + what);
            }
            long address = pool.take(bytes);
            if (address == 0) {
                throw budget.exhausted(bytes, what, runtime.memoryInfo().free());
            }
            return keeper.segment(address, poisoned(address, bytes));
        } finally {
            context.unlock();
        }
    }

    /** In debug mode whoever reads memory that he has not written, or that he gave back, reads NaN. */
    private long poisoned(long address, long bytes) {
        if (debug && bytes > 0) {
            context.runtime()
                    .memsetAsync(address, POISON, bytes, context.stream().handle());
        }
        return bytes;
    }

    @Override
    public void free(MemorySegment block) {
        context.lock();
        try {
            if (!keeper.release(block.address())) {
                throw new IllegalArgumentException(
                        name + " has handed out nothing at this address, or it was freed already");
            }
            if (!context.lost()) {
                poisoned(block.address(), block.byteSize());
            }
            pool.giveBack(block.address());
        } finally {
            context.unlock();
        }
    }

    @Override
    public void copy(MemorySegment from, MemorySegment to) {
        long bytes = from.byteSize();
        if (to.byteSize() < bytes) {
            throw new IndexOutOfBoundsException("cannot copy " + bytes + " bytes to " + to.byteSize());
        }
        if (bytes == 0) {
            return;
        }
        boolean here = holds(from);
        boolean there = holds(to);
        if (here && there) {
            transfer(from, to, bytes, Copy.DEVICE_TO_DEVICE);
        } else if (here) {
            toHost(from, to, bytes);
        } else if (there) {
            toDevice(from, to);
        } else {
            MemorySegment.copy(from, 0, to, 0, bytes);
        }
    }

    private void toHost(MemorySegment from, MemorySegment to, long bytes) {
        requireWritable(to);
        if (to.isNative()) {
            transfer(from, to, bytes, Copy.DEVICE_TO_HOST);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment here = arena.allocate(bytes);
            transfer(from, here, bytes, Copy.DEVICE_TO_HOST);
            MemorySegment.copy(here, 0, to, 0, bytes);
        }
    }

    /** By way of pinned memory, so that nobody waits for what is on the stream. */
    private void toDevice(MemorySegment from, MemorySegment to) {
        requireAlive(from);
        requireAlive(to);
        context.lock();
        try {
            context.requireOpen();
            context.requireNoCapture("copy from the host");
            if (staging == null) {
                staging = new Staging(context);
            }
            staging.send(from, to.address());
        } finally {
            context.unlock();
        }
    }

    /** What Java would have checked: CUDA writes anywhere. */
    private static void requireWritable(MemorySegment host) {
        if (host.isReadOnly()) {
            throw new IllegalArgumentException("cannot copy to a read-only segment");
        }
    }

    /** To the host it waits: the memory may be pinned, and who reads wants to hear of a bad index. */
    private void transfer(MemorySegment from, MemorySegment to, long bytes, Copy direction) {
        requireAlive(from);
        requireAlive(to);
        context.lock();
        try {
            context.requireOpen();
            boolean waits = direction == Copy.DEVICE_TO_HOST;
            if (waits) {
                context.requireNoCapture("copy to the host");
            }
            long stream = context.stream().handle();
            context.runtime().copyAsync(to.address(), from.address(), bytes, direction, stream);
            if (waits) {
                context.synchronize();
            }
        } finally {
            context.unlock();
        }
    }

    private void requireAlive(MemorySegment memory) {
        if (!memory.scope().isAlive()) {
            throw new IllegalStateException("memory was used after it was closed");
        }
        if (!holds(memory) && !memory.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("memory is confined to another thread");
        }
    }

    @Override
    public void fill(MemorySegment memory, byte value) {
        requireHere(memory);
        if (memory.byteSize() == 0) {
            return;
        }
        context.lock();
        try {
            context.requireOpen();
            context.runtime()
                    .memsetAsync(
                            memory.address(),
                            Byte.toUnsignedInt(value),
                            memory.byteSize(),
                            context.stream().handle());
        } finally {
            context.unlock();
        }
    }

    @Override
    public void fill(MemorySegment floats, float value) {
        if (Float.floatToRawIntBits(value) == 0) {
            fill(floats, (byte) 0);
            return;
        }
        requireHere(floats);
        if (floats.byteSize() % Float.BYTES != 0 || floats.address() % Float.BYTES != 0) {
            throw new IllegalArgumentException("cannot fill " + floats.byteSize() + " bytes at address "
                    + floats.address() + " with floats of 4 bytes");
        }
        long count = floats.byteSize() / Float.BYTES;
        if (count > 0) {
            Recipe.of(context, "memory", "cuda:fill")
                    .launch("gatun_fill_f32", Grid.of(count, 256), Arg.operand(0), Arg.i64(count), Arg.f32(value))
                    .build()
                    .execute(new long[] {floats.address()});
        }
    }

    private void requireHere(MemorySegment memory) {
        requireAlive(memory);
        if (!holds(memory)) {
            throw new IllegalArgumentException(
                    "cannot fill memory of " + Place.of(memory).name() + " on " + name);
        }
    }

    @Override
    public Replay capture(String what, Runnable work) {
        GraphExec graph = context.capture(what, work);
        return new Replay() {
            @Override
            public void launch() {
                context.onStream(graph::launch);
            }

            @Override
            public void close() {
                context.lock();
                try {
                    if (!context.lost()) {
                        context.stream().synchronize();
                    }
                    graph.close();
                } finally {
                    context.unlock();
                }
            }
        };
    }

    @Override
    public void synchronize() {
        context.synchronize();
    }

    /** Bytes taken from CUDA, and how many of them nobody uses. */
    String usage() {
        return pool.held() + " bytes held, " + pool.idle() + " of them idle";
    }

    /** Gives CUDA everything back; the stream has been waited for. */
    @Override
    public void close() {
        keeper.close();
        if (staging != null) {
            staging.close();
        }
        if (!context.lost()) {
            pool.close();
        }
    }
}
