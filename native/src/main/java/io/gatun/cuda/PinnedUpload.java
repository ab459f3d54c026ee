package io.gatun.cuda;

import io.gatun.cuda.runtime.CudaEvent;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.cuda.runtime.CudaRuntime.Copy;
import io.gatun.cuda.runtime.CudaStream;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.Owned;
import io.gatun.memory.Upload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Pinned memory of the host and a copy of it on the device, by way of a stream of its own: batch k + 1 travels while the
 * kernels of batch k run. Nobody but the device waits, unless the host is a whole round ahead.
 */
final class PinnedUpload implements Upload {
    private final CudaContext context;
    private final CudaStream uploads;
    private final MemorySegment host;
    private final MemorySegment device;
    private final CudaEvent uploaded;
    private final CudaEvent consumed;
    private final Owned owned = new Owned();

    @SuppressWarnings("restricted")
    PinnedUpload(CudaContext context, CudaStream uploads, MemorySegment device, MemoryBudget budget) {
        this.context = context;
        this.uploads = uploads;
        this.device = device;
        long bytes = device.byteSize();
        CudaRuntime runtime = context.runtime();
        try {
            budget.reserve(bytes, "pinned memory of an upload");
            owned.add(() -> budget.release(bytes));
            long address = runtime.hostMalloc(bytes);
            owned.add(() -> runtime.hostFree(address));
            Arena arena = owned.add(Arena.ofShared());
            host = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
            // Loaders wait for it, and the copy for kernels: a spinning thread would be one less to fill batches.
            uploaded = owned.add(CudaEvent.sleeping(runtime));
            consumed = owned.add(new CudaEvent(runtime, false));
            // Whoever had the device's memory before may still be reading it.
            done();
            owned.add(this::waitForCopy);
        } catch (RuntimeException e) {
            throw owned.closedAfter(e);
        }
    }

    @Override
    public MemorySegment host() {
        return host;
    }

    @Override
    public MemorySegment memory() {
        return device;
    }

    @Override
    public void awaitHost() {
        uploaded.synchronize();
    }

    @Override
    public void start() {
        context.requireOpen();
        uploads.await(consumed);
        context.runtime()
                .copyAsync(device.address(), host.address(), host.byteSize(), Copy.HOST_TO_DEVICE, uploads.handle());
        uploaded.record(uploads);
    }

    @Override
    public void use() {
        context.onStream(() -> context.stream().await(uploaded));
    }

    @Override
    public void done() {
        context.onStream(() -> consumed.record(context.stream()));
    }

    @Override
    public void close() {
        owned.close();
    }

    private void waitForCopy() {
        if (!context.lost()) {
            uploaded.synchronize();
        }
    }
}
