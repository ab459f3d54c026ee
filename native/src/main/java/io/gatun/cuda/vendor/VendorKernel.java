package io.gatun.cuda.vendor;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Kernel;
import io.gatun.spec.Spec;
import java.lang.ref.Reference;

/** A problem that a library of NVIDIA's solves: its calls put their work on the context's stream, and may be captured. */
final class VendorKernel implements Kernel {
    /** The library's calls, under the context's lock. */
    @FunctionalInterface
    interface Calls {
        /**
         * Begins the work.
         *
         * @param frame the operands' addresses
         * @param scratch address of the kernel's scratch memory, 256-byte aligned; 0 if it has none
         */
        void run(long[] frame, long scratch);
    }

    private final CudaContext context;
    private final String implementation;
    private final int operands;
    private final long scratchBytes;
    private final long workspaceBytes;
    private final Calls calls;

    /**
     * A kernel of the session that holds what the calls use.
     *
     * @param implementation what logs and benchmarks say ran: {@code cublaslt:gemm-f32}
     * @param scratchBytes device memory of any content while it runs
     * @param workspaceBytes of the spec's workspace operand
     */
    VendorKernel(
            CudaContext context,
            Spec spec,
            String implementation,
            long scratchBytes,
            long workspaceBytes,
            Calls calls) {
        this.context = context;
        this.implementation = implementation;
        this.operands = spec.operands().size();
        this.scratchBytes = scratchBytes;
        this.workspaceBytes = workspaceBytes;
        this.calls = calls;
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
            context.runtime().ready();
            context.runtime().launching(implementation);
            context.runs(this);
            calls.run(frame, scratchBytes == 0 ? 0 : frame[operands]);
        } finally {
            context.unlock();
            Reference.reachabilityFence(this);
        }
    }
}
