package io.gatun.cuda;

import io.gatun.cuda.kernels.Arg;
import io.gatun.cuda.kernels.Grid;
import io.gatun.cuda.kernels.Recipe;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.cuda.runtime.CudaRuntime.Copy;
import io.gatun.cuda.runtime.CudaStream;
import io.gatun.cuda.runtime.GraphExec;
import io.gatun.kernel.Kernel;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.memory.Replay;
import io.gatun.memory.Upload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The memory of one CUDA device, reached by copies on the context's stream. Blocks are aligned to 256 bytes. */
final class DevicePlace implements Place, AutoCloseable {
    /** As every float it is a NaN. */
    private static final int POISON = 0xFF;

    /** A bound on what is kept of each kind where each step fills another number of floats. */
    private static final int MOST_KERNELS = 64;

    private static final String MODULE = "memory";

    private static final String PUT = "gatun_put_f32";

    private record Fill(long count, int bits) {}

    private final CudaContext context;
    private final String name;
    private final Keeper keeper;
    private final DeviceBudget budget;
    private final boolean debug = Boolean.getBoolean("gatun.memory.debug");
    private final DevicePool pool;

    /** The kernels of {@link #fill(MemorySegment, float)}: a step fills as many floats with the same number as the last. */
    private final Map<Fill, Kernel> fills = new HashMap<>();

    /** The kernels of {@link #put}, by the size of the ring. */
    private final Map<Long, Kernel> puts = new HashMap<>();

    /** Made by the first copy from the host. */
    private Staging staging;

    /** Made by the first upload. */
    private CudaStream uploads;

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
            if (context.closed()) {
                return; // it went with the device
            }
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

    @Override
    public Upload upload(MemorySegment there, MemoryBudget host) {
        requireHere("upload to", there);
        context.lock();
        try {
            context.requireOpen();
            context.requireNoCapture("make an upload");
            if (uploads == null) {
                uploads = new CudaStream(context.runtime());
            }
            return new PinnedUpload(context, uploads, there, host);
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
        context.requireOpen();
        if (!memory.scope().isAlive()) {
            throw new IllegalStateException("memory was used after it was closed");
        }
        if (!holds(memory) && !memory.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("memory is confined to another thread");
        }
    }

    @Override
    public void fill(MemorySegment memory, byte value) {
        requireHere("fill", memory);
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
        requireHere("fill", floats);
        if (floats.byteSize() % Float.BYTES != 0 || floats.address() % Float.BYTES != 0) {
            throw new IllegalArgumentException("cannot fill " + floats.byteSize() + " bytes at address "
                    + floats.address() + " with floats of 4 bytes");
        }
        long count = floats.byteSize() / Float.BYTES;
        if (count > 0) {
            filling(count, value).execute(new long[] {floats.address()});
        }
    }

    private Kernel filling(long count, float value) {
        return made(
                fills, new Fill(count, Float.floatToRawIntBits(value)), () -> Recipe.of(context, MODULE, "cuda:fill")
                        .launch("gatun_fill_f32", Grid.of(count, 256), Arg.operand(0), Arg.i64(count), Arg.f32(value))
                        .build());
    }

    private <K> Kernel made(Map<K, Kernel> kernels, K key, Supplier<Kernel> make) {
        context.lock();
        try {
            if (kernels.size() == MOST_KERNELS) {
                kernels.clear();
            }
            return kernels.computeIfAbsent(key, _ -> make.get());
        } finally {
            context.unlock();
        }
    }

    @Override
    public void put(MemorySegment value, MemorySegment ring, MemorySegment number) {
        requireAlive(value);
        requireAlive(ring);
        requireAlive(number);
        Places.requireRing(this, value, ring, number);
        long size = ring.byteSize() / Float.BYTES;
        made(puts, size, () -> Recipe.of(context, MODULE, "cuda:put")
                        .launch(PUT, Grid.of(1, 1), Arg.operand(0), Arg.operand(1), Arg.operand(2), Arg.i64(size))
                        .build())
                .execute(new long[] {value.address(), ring.address(), number.address()});
    }

    private void requireHere(String what, MemorySegment memory) {
        requireAlive(memory);
        if (!holds(memory)) {
            throw new IllegalArgumentException(
                    "cannot " + what + " memory of " + Place.of(memory).name() + " on " + name);
        }
    }

    @Override
    public Replay capture(String what, Runnable work) {
        // The first put may be in what is collected now, and no kernel can be loaded then.
        context.function(MODULE, PUT);
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
        if (uploads != null) {
            uploads.close();
        }
        if (!context.lost()) {
            pool.close();
        }
    }
}
