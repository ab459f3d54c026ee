package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.WhereSpec;

/** One of two numbers for each element. */
record ReferenceWhere(WhereSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:where";
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < spec.count(); i++) {
            boolean first = Raw.f32(frame[0], i) != 0;
            long at = (first ? spec.oneA() : spec.oneB()) ? 0 : i;
            Raw.i32(frame[3], i, Raw.i32(first ? frame[1] : frame[2], at));
        }
    }
}
