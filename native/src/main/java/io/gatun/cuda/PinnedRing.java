package io.gatun.cuda;

import io.gatun.cuda.runtime.CudaEvent;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.cuda.runtime.CudaRuntime.Copy;
import io.gatun.cuda.runtime.CudaStream;
import io.gatun.memory.Place;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Batches on their way to the device while it computes: slots of pinned host memory, each with device memory of its own,
 * and a stream for the copies. One thread fills and uploads, one (or the same) runs the steps; each slot goes round:
 *
 * <ol>
 *   <li>{@link #next} waits until the slot's last upload has left the host memory;
 *   <li>fill {@link Slot#host};
 *   <li>{@link Slot#upload} returns at once; on the device it waits until the last step is done with the slot;
 *   <li>{@link Slot#use}: from here on the context's stream comes after the upload;
 *   <li>run a step on {@link Slot#device};
 *   <li>{@link Slot#done}: what is on the stream now is the last that reads the slot.
 * </ol>
 */
public final class PinnedRing implements AutoCloseable {
    private final CudaContext context;
    private final CudaStream uploads;
    private final Owned owned = new Owned();
    private final List<Slot> slots = new ArrayList<>();
    private int next;

    /**
     * A ring of its own memory.
     *
     * @param bytes of each slot, on the host and on the device
     * @throws io.gatun.memory.NativeMemoryException if the device has no room for it
     */
    public PinnedRing(CudaContext context, int slots, long bytes) {
        if (slots < 1 || bytes < 1) {
            throw new IllegalArgumentException("a ring of " + slots + " slots of " + bytes + " bytes");
        }
        this.context = context;
        try {
            uploads = owned.add(new CudaStream(context.runtime()));
            for (int i = 0; i < slots; i++) {
                this.slots.add(new Slot(bytes));
            }
            owned.add(this::waitForBoth);
        } catch (RuntimeException e) {
            throw owned.closedAfter(e);
        }
    }

    /** The slot after the last one given, once its host memory may be written; all of it goes round. */
    public Slot next() {
        Slot slot = slots.get(next);
        next = (next + 1) % slots.size();
        slot.uploaded.synchronize();
        return slot;
    }

    /** Host memory and the device memory that it is copied to. */
    public final class Slot {
        private final MemorySegment host;
        private final MemorySegment device;
        private final CudaEvent uploaded;
        private final CudaEvent consumed;

        @SuppressWarnings("restricted")
        private Slot(long bytes) {
            CudaRuntime runtime = context.runtime();
            Place place = context.place();
            long address = runtime.hostMalloc(bytes);
            owned.add(() -> runtime.hostFree(address));
            host = MemorySegment.ofAddress(address).reinterpret(bytes);
            place.budget().reserve(bytes, "the input ring");
            owned.add(() -> place.budget().release(bytes));
            device = place.allocate(bytes, "the input ring");
            owned.add(() -> place.free(device));
            uploaded = owned.add(new CudaEvent(runtime, false));
            consumed = owned.add(new CudaEvent(runtime, false));
        }

        /** Pinned memory to be filled; it lives as long as the ring, which nothing checks. */
        public MemorySegment host() {
            return host;
        }

        /** Where the kernels read it. */
        public MemorySegment device() {
            return device;
        }

        /** Starts the copy of the whole slot; the host memory must stay as it is until {@link #next} gives it again. */
        public void upload() {
            uploads.await(consumed);
            context.runtime()
                    .copyAsync(
                            device.address(), host.address(), host.byteSize(), Copy.HOST_TO_DEVICE, uploads.handle());
            uploaded.record(uploads);
        }

        /** What is put on the context's stream from now on sees the upload. */
        public void use() {
            context.onStream(() -> context.stream().await(uploaded));
        }

        /** What was put on the context's stream until now is the last that reads the slot. */
        public void done() {
            context.onStream(() -> consumed.record(context.stream()));
        }
    }

    /** Waits for the copies and for the context's stream, and frees everything. */
    @Override
    public void close() {
        owned.close();
    }

    private void waitForBoth() {
        if (!context.lost()) {
            uploads.synchronize();
            context.synchronize();
        }
    }
}
