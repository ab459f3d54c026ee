package io.gatun.reference;

import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.memory.Raw;
import io.gatun.memory.Scope;
import io.gatun.spec.MixedSpec;
import java.util.List;

/** What 16-bit storage means: everything is widened, the float kernel runs, and its results are rounded once. */
final class ReferenceMixed implements Kernel {
    private final MixedSpec spec;
    private final Kernel inner;
    private final List<Operand> operands;
    private final long[] place;
    private final long widened;

    ReferenceMixed(MixedSpec spec, Kernel inner) {
        this.spec = spec;
        this.inner = inner;
        this.operands = spec.operands();
        this.place = new long[operands.size()];
        long next = 0;
        for (int i = 0; i < place.length; i++) {
            place[i] = next;
            next += narrow(operands.get(i)) ? Scope.aligned(4 * operands.get(i).elements()) : 0;
        }
        this.widened = next;
    }

    private boolean narrow(Operand operand) {
        return operand.type() == spec.storage();
    }

    @Override
    public String implementation() {
        return inner.implementation() + " in " + spec.storage().word();
    }

    @Override
    public long scratchBytes() {
        return widened + inner.scratchBytes();
    }

    @Override
    public long workspaceBytes() {
        return inner.workspaceBytes();
    }

    @Override
    public void execute(long[] frame) {
        long scratch = frame[place.length];
        long[] wide = new long[Plan.FRAME];
        for (int i = 0; i < place.length; i++) {
            Operand operand = operands.get(i);
            wide[i] = narrow(operand) ? scratch + place[i] : frame[i];
            if (narrow(operand) && operand.access() != Operand.Access.WRITE) {
                widen(spec.storage(), frame[i], wide[i], operand.elements());
            }
        }
        wide[place.length] = scratch + widened;
        inner.execute(wide);
        for (int i = 0; i < place.length; i++) {
            Operand operand = operands.get(i);
            if (narrow(operand) && operand.written()) {
                narrow(spec.storage(), wide[i], frame[i], operand.elements());
            }
        }
    }

    static void widen(DType type, long from, long to, long count) {
        for (long i = 0; i < count; i++) {
            Raw.f32(to, i, HalfFloats.widen(type, Raw.i16(from, i)));
        }
    }

    static void narrow(DType type, long from, long to, long count) {
        for (long i = 0; i < count; i++) {
            Raw.i16(to, i, HalfFloats.narrow(type, Raw.f32(from, i)));
        }
    }
}
