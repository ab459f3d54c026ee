package io.gatun.cuda.vendor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.cudnn.Cudnn;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * How a plan is run: its arguments, laid out once, whose addresses are written anew each time. cuDNN freezes a pack of
 * arguments when it is finished, so each run makes one and gives it back (half a microsecond in cuDNN). Used under the
 * context's lock.
 */
final class CudnnRun implements VendorKernel.Calls {
    private final Statuses statuses;
    private final Object problem;
    private final MemorySegment handle;
    private final CudnnPlan plan;
    private final int operands;
    private final MemorySegment numbers;
    private final MemorySegment pointers;
    private final MemorySegment workspace;

    /** Where the pack is found that was made last. */
    private final MemorySegment made;

    /** Of the first so many operands of the problem, whose tensors have the numbers from 1. */
    CudnnRun(CudnnSession session, Object problem, CudnnPlan plan, int operands) {
        this.statuses = session.statuses;
        this.problem = problem;
        this.handle = session.handle();
        this.plan = plan;
        this.operands = operands;
        Arena arena = Arena.ofAuto();
        this.numbers = arena.allocate(JAVA_LONG, operands);
        this.pointers = arena.allocate(JAVA_LONG, operands);
        this.workspace = arena.allocate(JAVA_LONG);
        this.made = arena.allocate(ADDRESS);
        for (int i = 0; i < operands; i++) {
            numbers.setAtIndex(JAVA_LONG, i, i + 1);
        }
    }

    @Override
    public void run(long[] frame, long scratch) {
        for (int i = 0; i < operands; i++) {
            pointers.setAtIndex(JAVA_LONG, i, frame[i]);
        }
        workspace.set(JAVA_LONG, 0, scratch);
        check(Cudnn.cudnnBackendCreateDescriptor(CudnnKind.VARIANT_PACK.number, made), "cudnnBackendCreateDescriptor");
        MemorySegment pack = made.get(ADDRESS, 0);
        boolean begun = false;
        try {
            set(pack, CudnnAttribute.PACK_UNIQUE_IDS, operands, numbers);
            set(pack, CudnnAttribute.PACK_DATA_POINTERS, operands, pointers);
            set(pack, CudnnAttribute.PACK_WORKSPACE, 1, workspace);
            check(Cudnn.cudnnBackendFinalize(pack), "cudnnBackendFinalize");
            check(Cudnn.cudnnBackendExecute(handle, plan.descriptor().handle(), pack), "cudnnBackendExecute");
            begun = true;
        } finally {
            int status = Cudnn.cudnnBackendDestroyDescriptor(pack);
            if (begun) { // else this would hide the failure before
                check(status, "cudnnBackendDestroyDescriptor");
            }
        }
    }

    private void set(MemorySegment pack, CudnnAttribute attribute, int count, MemorySegment values) {
        int status = Cudnn.cudnnBackendSetAttribute(pack, attribute.number, attribute.type.number, count, values);
        if (status != 0) {
            statuses.check(status, "cudnnBackendSetAttribute", problem + ", variant pack descriptor, " + attribute);
        }
    }

    private void check(int status, String call) {
        statuses.check(status, call, problem);
    }
}
