package io.gatun.onednn;

import io.gatun.kernel.Kernel;
import java.util.List;

/**
 * A few steps in a row: primitives, and Java between them where oneDNN's conventions differ from ours.
 *
 * @param primitives what the steps run, to be destroyed with the kernel
 */
record OneDnnKernel(
        String implementation,
        long scratchBytes,
        long workspaceBytes,
        List<Step> steps,
        List<Primitive> primitives,
        List<Invocation> invocations)
        implements Kernel, AutoCloseable {

    /** A part of the work, told only where the operands are. */
    @FunctionalInterface
    interface Step {
        void run(long[] frame);
    }

    @Override
    public void execute(long[] frame) {
        for (int i = 0; i < steps.size(); i++) {
            steps.get(i).run(frame);
        }
    }

    /** Destroys the native objects. Nothing may be running. */
    @Override
    public void close() {
        invocations.forEach(Invocation::close);
        primitives.forEach(Primitive::close);
    }
}
