package io.gatun.cuda;

import io.gatun.cuda.runtime.CudaEvent;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.memory.Owned;
import io.gatun.memory.Scope;
import java.lang.foreign.MemorySegment;

/**
 * Pinned memory that host bytes pass through on their way to the device: the caller has them back when they are here, and
 * nobody waits for the kernels before. Copies follow each other in slots of 1 MiB, and only who begins a slot waits until
 * what it held last has gone: a step's numbers, some hundred bytes, never wait. Used under the context's lock.
 */
final class Staging implements AutoCloseable {
    private static final int SLOTS = 4;
    private static final long SLOT = 1 << 20;

    private final CudaContext context;
    private final Owned owned = new Owned();
    private final MemorySegment[] slots = new MemorySegment[SLOTS];
    private final CudaEvent[] sent = new CudaEvent[SLOTS];
    private int current;

    /** Bytes of the current slot that are taken. */
    private long taken;

    @SuppressWarnings("restricted")
    Staging(CudaContext context) {
        this.context = context;
        CudaRuntime runtime = context.runtime();
        try {
            long address = runtime.hostMalloc(SLOTS * SLOT);
            owned.add(() -> runtime.hostFree(address));
            for (int i = 0; i < SLOTS; i++) {
                slots[i] = MemorySegment.ofAddress(address + i * SLOT).reinterpret(SLOT);
                sent[i] = owned.add(new CudaEvent(runtime, false));
            }
        } catch (RuntimeException e) {
            throw owned.closedAfter(e);
        }
    }

    /** Starts the copy of all of {@code from}, which may be changed when this returns, to {@code to} on the device. */
    void send(MemorySegment from, long to) {
        long stream = context.stream().handle();
        for (long at = 0; at < from.byteSize(); at += SLOT) {
            long bytes = Math.min(SLOT, from.byteSize() - at);
            if (taken + bytes > SLOT) {
                nextSlot();
            }
            MemorySegment room = slots[current].asSlice(taken, bytes);
            MemorySegment.copy(from, at, room, 0, bytes);
            context.runtime().copyAsync(to + at, room.address(), bytes, CudaRuntime.Copy.HOST_TO_DEVICE, stream);
            taken = Scope.aligned(taken + bytes);
        }
    }

    private void nextSlot() {
        sent[current].record(context.stream());
        current = (current + 1) % SLOTS;
        sent[current].synchronize();
        taken = 0;
    }

    /** The stream has been waited for. */
    @Override
    public void close() {
        if (!context.lost()) {
            owned.close();
        }
    }
}
