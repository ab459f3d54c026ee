package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.kernel.Kernel;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.List;

/** A recipe, ready: puts its steps on the context's stream, under the stream's lock because the slabs are shared. */
public final class CudaKernel implements Kernel {
    /** One thing that is put on the stream. */
    @FunctionalInterface
    private interface Step {
        void run(long[] frame, long scratch);
    }

    private final CudaContext context;
    private final String implementation;
    private final long scratchBytes;
    private final long workspaceBytes;

    /** Of the collector: plans come and go, and a few hundred bytes may wait for it. */
    private final MemorySegment slabs;

    private final Step[] steps;

    /** How many operands the spec has; the frame's next slot is the scratch address. */
    private final int operands;

    CudaKernel(CudaContext context, String implementation, long scratchBytes, long workspaceBytes, List<Draft> drafts) {
        this.context = context;
        this.implementation = implementation;
        this.scratchBytes = scratchBytes;
        this.workspaceBytes = workspaceBytes;
        this.operands = -1;
        long bytes = 0;
        for (Draft draft : drafts) {
            bytes += draft instanceof Draft.Launching launching
                    ? Slab.bytes(launching.arguments().size())
                    : 0;
        }
        this.slabs = Arena.ofAuto().allocate(Math.max(bytes, 16), 16);
        this.steps = new Step[drafts.size()];
        long at = 0;
        for (int i = 0; i < steps.length; i++) {
            if (drafts.get(i) instanceof Draft.Launching launching) {
                long size = Slab.bytes(launching.arguments().size());
                steps[i] = launch(launching, slabs.asSlice(at, size));
                at += size;
            } else {
                steps[i] = move(drafts.get(i));
            }
        }
    }

    private CudaKernel(CudaKernel drafted, int operands) {
        this.context = drafted.context;
        this.implementation = drafted.implementation;
        this.scratchBytes = drafted.scratchBytes;
        this.workspaceBytes = drafted.workspaceBytes;
        this.slabs = drafted.slabs;
        this.steps = drafted.steps;
        this.operands = operands;
    }

    /** The same for the frames of this spec. */
    public CudaKernel of(Spec spec) {
        return new CudaKernel(this, spec.operands().size());
    }

    private Step launch(Draft.Launching launching, MemorySegment memory) {
        Slab slab = new Slab(memory, launching.grid(), launching.arguments());
        CudaRuntime runtime = context.runtime();
        long stream = context.stream().handle();
        return (frame, scratch) -> {
            slab.fill(frame, scratch);
            runtime.launch(launching.function(), slab.grid(), slab.block(), slab.arguments(), stream);
        };
    }

    private Step move(Draft draft) {
        CudaRuntime runtime = context.runtime();
        long stream = context.stream().handle();
        return switch (draft) {
            case Draft.Zeroing(Arg where, long bytes) ->
                (frame, scratch) -> runtime.memsetAsync(Slab.address(where, frame, scratch), 0, bytes, stream);
            case Draft.Copying(Arg from, Arg to, long bytes) ->
                (frame, scratch) -> runtime.copyAsync(
                        Slab.address(to, frame, scratch),
                        Slab.address(from, frame, scratch),
                        bytes,
                        CudaRuntime.Copy.DEVICE_TO_DEVICE,
                        stream);
            case Draft.Launching _ -> throw new AssertionError("launches have a slab");
        };
    }

    @Override
    public String implementation() {
        return implementation;
    }

    @Override
    public long scratchBytes() {
        return scratchBytes;
    }

    @Override
    public long workspaceBytes() {
        return workspaceBytes;
    }

    @Override
    public void execute(long[] frame) {
        context.lock();
        try {
            long scratch = scratchBytes == 0 ? 0 : frame[operands];
            for (Step step : steps) {
                step.run(frame, scratch);
            }
        } finally {
            context.unlock();
            Reference.reachabilityFence(slabs);
        }
    }
}
