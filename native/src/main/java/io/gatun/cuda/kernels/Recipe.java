package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;

/**
 * The launches of one kernel in order, collected once: functions are loaded and arguments laid out by {@link #build}, and
 * running it writes the operands' addresses and launches.
 *
 * <p>y = alpha x is {@code Recipe.of(context, "pointwise", "cuda:axpby").launch("gatun_axpby_f32", Grid.of(n, 256),
 * Arg.operand(0), Arg.operand(1), Arg.i64(n), Arg.f32(alpha), Arg.f32(0)).build()}.
 *
 * <p>A recipe without launches is a kernel that does nothing: that of an empty problem. Not safe for concurrent use; what
 * it builds is.
 */
public final class Recipe {
    private final CudaContext context;
    private final String implementation;
    private final List<Draft> drafts = new ArrayList<>();
    private String module;
    private long scratchBytes;
    private long workspaceBytes;

    private Recipe(CudaContext context, String module, String implementation) {
        this.context = context;
        this.module = module;
        this.implementation = implementation;
    }

    /**
     * An empty recipe.
     *
     * @param module the .cu file whose kernels are launched
     * @param implementation what logs and benchmarks say ran: {@code cuda:axpby}
     */
    public static Recipe of(CudaContext context, String module, String implementation) {
        return new Recipe(context, module, implementation);
    }

    /** From now on kernels are of this file. */
    public Recipe module(String next) {
        module = next;
        return this;
    }

    /** Bytes of device memory of any content that the launches share, 64-byte aligned: {@link Arg#scratch}. */
    public Recipe scratch(long bytes) {
        scratchBytes = bytes;
        return this;
    }

    /** Bytes of the spec's workspace operand. */
    public Recipe workspace(long bytes) {
        workspaceBytes = bytes;
        return this;
    }

    /** Launches a kernel with one argument for each of its parameters, in order. */
    public Recipe launch(String function, Grid grid, Arg... arguments) {
        drafts.add(new Draft.Launching(context.function(module, function), grid, List.of(arguments)));
        return this;
    }

    /** Sets bytes to zero; nothing for 0 bytes. */
    public Recipe zero(Arg where, long bytes) {
        if (bytes > 0) {
            drafts.add(new Draft.Zeroing(where, bytes));
        }
        return this;
    }

    /** Copies bytes on the device; nothing for 0 bytes. */
    public Recipe copy(Arg from, Arg to, long bytes) {
        if (bytes > 0) {
            drafts.add(new Draft.Copying(from, to, bytes));
        }
        return this;
    }

    public Kernel build() {
        return new CudaKernel(context, implementation, scratchBytes, workspaceBytes, drafts);
    }
}
