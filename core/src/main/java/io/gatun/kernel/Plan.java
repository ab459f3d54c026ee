package io.gatun.kernel;

import io.gatun.memory.Place;
import io.gatun.memory.ScratchPool;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A spec bound to the implementation that will run it. Immutable, cached, safe for concurrent use on different
 * buffers. {@code run} takes the operands in the order of {@link #operands()}; it checks each one (native, alive,
 * in the right place, accessible, large enough, aligned, outputs overlapping nothing) and then runs the kernel to its end;
 * on a device it starts it, behind what was started before.
 *
 * <p>The short forms of {@code run} allocate nothing.
 */
public final class Plan {
    /** Slots in a kernel's frame: operands, scratch, and what the kernel passes to its own tasks. */
    public static final int FRAME = 32;

    /** What a thread keeps from run to run. */
    private static final class Call {
        final long[] frame = new long[FRAME];
        Recording recording;
    }

    private static final ThreadLocal<Call> CALLS = ThreadLocal.withInitial(Call::new);

    private final Spec spec;
    private final String backend;
    private final Kernel kernel;
    private final ScratchPool scratch;
    private final Place place;
    private final AtomicReference<Profile> profile;
    private final Operand[] operands;
    private final long scratchBytes;

    Plan(Spec spec, String backend, Kernel kernel, ScratchPool scratch, Place place, AtomicReference<Profile> profile) {
        this.spec = spec;
        this.backend = backend;
        this.kernel = kernel;
        this.scratch = scratch;
        this.place = place;
        this.profile = profile;
        this.scratchBytes = kernel.scratchBytes();
        this.operands = spec.operands().toArray(Operand[]::new);
        for (int i = 0; i < operands.length; i++) {
            if (operands[i].access() == Operand.Access.WORKSPACE) {
                operands[i] =
                        new Operand(operands[i].name(), Operand.Access.WORKSPACE, DType.U8, kernel.workspaceBytes());
            }
        }
    }

    public Spec spec() {
        return spec;
    }

    /** Name of the backend that runs this plan. */
    public String backend() {
        return backend;
    }

    /** Where its buffers must lie. */
    public Place place() {
        return place;
    }

    /** What runs, in one phrase. */
    public String implementation() {
        return kernel.implementation();
    }

    /** The buffers that {@code run} takes, in order. */
    public List<Operand> operands() {
        return List.of(operands);
    }

    /** Bytes of the opaque workspace operand, 0 where the spec has none. */
    public long workspaceBytes() {
        return kernel.workspaceBytes();
    }

    /**
     * Runs on the given buffers.
     *
     * @throws IllegalArgumentException naming the operand, if one is missing, too small, on the heap, misaligned,
     *     overlaps an output, or lies in another place than this plan's backend works in
     * @throws IllegalStateException if a segment's scope or the {@link Kernels} of this plan is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void run(MemorySegment a, MemorySegment b) {
        Call call = call(2);
        put(call, 0, a);
        put(call, 1, b);
        execute(call);
    }

    /** As {@link #run(MemorySegment, MemorySegment)}, with three operands. */
    public void run(MemorySegment a, MemorySegment b, MemorySegment c) {
        Call call = call(3);
        put(call, 0, a);
        put(call, 1, b);
        put(call, 2, c);
        execute(call);
    }

    /** As {@link #run(MemorySegment, MemorySegment)}, with four operands. */
    public void run(MemorySegment a, MemorySegment b, MemorySegment c, MemorySegment d) {
        Call call = call(4);
        put(call, 0, a);
        put(call, 1, b);
        put(call, 2, c);
        put(call, 3, d);
        execute(call);
    }

    /** As {@link #run(MemorySegment, MemorySegment)}, with any number of operands; the caller may keep the array. */
    public void run(MemorySegment... segments) {
        Call call = call(segments.length);
        for (int i = 0; i < segments.length; i++) {
            put(call, i, segments[i]);
        }
        execute(call);
    }

    private void put(Call call, int index, MemorySegment segment) {
        call.frame[index] = Buffers.address(spec, operands[index], segment, place);
        if (call.recording != null) {
            call.recording.standsOn(segment);
        }
    }

    private Call call(int given) {
        if (given != operands.length) {
            throw new IllegalArgumentException(
                    spec + " takes " + operands.length + " buffers (" + Buffers.names(operands) + "), not " + given);
        }
        return CALLS.get();
    }

    /** Where this thread's runs are noted from now on; null for nowhere. */
    static void record(Recording recording) {
        CALLS.get().recording = recording;
    }

    private void execute(Call call) {
        Buffers.refuseOverlap(spec, operands, call.frame);
        Recording recording = call.recording;
        if (recording != null) {
            // Before the run: a kernel writes to the slots behind the operands.
            long[] frame = call.frame.clone();
            execute(call.frame);
            recording.act(() -> execute(frame));
        } else {
            execute(call.frame);
        }
    }

    private void execute(long[] frame) {
        scratch.requireOpen();
        Profile measured = profile.get();
        if (measured != null) {
            long start = System.nanoTime();
            withScratch(frame);
            place.synchronize();
            measured.add(this, System.nanoTime() - start);
        } else {
            withScratch(frame);
        }
    }

    private void withScratch(long[] frame) {
        if (scratchBytes == 0) {
            frame[operands.length] = 0;
            kernel.execute(frame);
            return;
        }
        long address = scratch.acquire(scratchBytes);
        frame[operands.length] = address;
        try {
            kernel.execute(frame);
        } finally {
            scratch.release(address, scratchBytes);
        }
    }

    @Override
    public String toString() {
        return spec + " -> " + kernel.implementation();
    }
}
