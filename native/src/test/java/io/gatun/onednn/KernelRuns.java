package io.gatun.onednn;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** Buffers for one kernel, filled with small integers from a fixed seed. */
record KernelRuns(Spec spec, Kernel kernel, long[] frame, MemorySegment[] buffers) {
    static KernelRuns of(Arena arena, Spec spec, Kernel kernel) {
        long[] frame = new long[Plan.FRAME];
        MemorySegment[] buffers = new MemorySegment[spec.operands().size()];
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < buffers.length; i++) {
            Operand operand = spec.operands().get(i);
            long bytes = operand.access() == Operand.Access.WORKSPACE ? kernel.workspaceBytes() : operand.bytes();
            buffers[i] = arena.allocate(Math.max(1, bytes), 64);
            for (long j = 0; j < operand.elements() && operand.access() != Operand.Access.WORKSPACE; j++) {
                buffers[i].setAtIndex(ValueLayout.JAVA_FLOAT, j, random.nextInt(-4, 5));
            }
            frame[i] = buffers[i].address();
        }
        frame[buffers.length] =
                arena.allocate(Math.max(1, kernel.scratchBytes()), 64).address();
        return new KernelRuns(spec, kernel, frame, buffers);
    }

    KernelRuns run() {
        kernel.execute(frame);
        return this;
    }

    /** A checksum of the bits of all that was written. */
    int outputs() {
        int hash = 1;
        for (int i = 0; i < buffers.length; i++) {
            Operand.Access access = spec.operands().get(i).access();
            if (access == Operand.Access.WRITE || access == Operand.Access.UPDATE) {
                for (long j = 0; j < spec.operands().get(i).elements(); j++) {
                    hash = 31 * hash + buffers[i].getAtIndex(ValueLayout.JAVA_INT, j);
                }
            }
        }
        return hash;
    }
}
