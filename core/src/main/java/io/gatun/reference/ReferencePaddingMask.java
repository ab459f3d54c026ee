package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.PaddingMaskSpec;

/** All lengths are checked before anything is written. */
record ReferencePaddingMask(PaddingMaskSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:paddingmask";
    }

    @Override
    public void execute(long[] frame) {
        int keys = spec.keys();
        for (int b = 0; b < spec.batch(); b++) {
            int length = Raw.i32(frame[0], b);
            if (length < 1 || length > keys) {
                throw new IndexOutOfBoundsException(spec + ": the length of sequence " + b + " is " + length
                        + ", not within 1 and " + keys + " keys; a query that sees no key gets NaN");
            }
        }
        for (int b = 0; b < spec.batch(); b++) {
            int length = Raw.i32(frame[0], b);
            for (int key = 0; key < keys; key++) {
                Raw.f32(frame[1], (long) b * keys + key, key < length ? 0 : Float.NEGATIVE_INFINITY);
            }
        }
    }
}
