package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.RowNumbersSpec;

/** All indices are checked before anything is written. */
record ReferenceRowNumbers(RowNumbersSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:rownumbers";
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < spec.given(); i++) {
            int index = Raw.i32(frame[0], i);
            if (index < 0 || index >= spec.n()) {
                throw new IndexOutOfBoundsException(
                        spec + ": index " + i + " is " + index + ", not within 0 and " + (spec.n() - 1));
            }
        }
        for (long i = 0; i < spec.given() * spec.times(); i++) {
            Raw.i32(frame[1], i, (int) (i / spec.k() * spec.n() + Raw.i32(frame[0], i % spec.given())));
        }
    }
}
