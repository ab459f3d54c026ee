package io.gatun.reference;

import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Operand;
import io.gatun.memory.Raw;
import io.gatun.spec.Spec;
import java.util.List;

/**
 * Forward over a recurrent layer's sequence by a kernel of one step, with the state rounded to 16-bit storage from one to the next.
 * All operands are float; the workspace of the whole is those of the steps, one behind the other.
 */
final class ReferenceRoundedSteps implements Kernel {
    private final Kernel step;
    private final DType storage;
    private final int steps;
    private final List<Operand> operands;

    /**
     * @param steps of {@code spec}, at least one
     * @param spec the whole problem
     * @param step the kernel of a step of it
     */
    ReferenceRoundedSteps(Spec spec, int steps, Kernel step, DType storage) {
        this.step = step;
        this.storage = storage;
        this.steps = steps;
        this.operands = spec.operands();
    }

    @Override
    public String implementation() {
        return step.implementation();
    }

    @Override
    public long scratchBytes() {
        return step.scratchBytes();
    }

    @Override
    public long workspaceBytes() {
        return steps * step.workspaceBytes();
    }

    @Override
    public void execute(long[] frame) {
        int src = place("src");
        int dst = place("dst");
        int h0 = place("h0");
        int c0 = place("c0");
        int workspace = place("workspace");
        long states = operands.get(dst).elements() / steps;
        long[] one = frame.clone();
        for (int t = 0; t < steps; t++) {
            step.execute(one);
            round(one[dst], states);
            one[h0] = one[dst];
            one[dst] += Float.BYTES * states;
            one[src] += Float.BYTES * operands.get(src).elements() / steps;
            if (c0 >= 0) {
                one[c0] = frame[place("cn")];
            }
            if (workspace >= 0) {
                one[workspace] += step.workspaceBytes();
            }
        }
    }

    /** The operand of this name, or -1. */
    private int place(String name) {
        for (int i = 0; i < operands.size(); i++) {
            if (operands.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    private void round(long address, long count) {
        for (long i = 0; i < count; i++) {
            Raw.f32(address, i, HalfFloats.widen(storage, HalfFloats.narrow(storage, Raw.f32(address, i))));
        }
    }
}
