package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.CopySpec;

/** Element after element in the order of the shape. */
record ReferenceCopy(CopySpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:copy";
    }

    @Override
    public void execute(long[] frame) {
        long count = spec.shape().product();
        for (long i = 0; i < count; i++) {
            long from = 0;
            long to = 0;
            long rest = i;
            for (int axis = spec.shape().size() - 1; axis >= 0; axis--) {
                long at = rest % spec.shape().get(axis);
                rest /= spec.shape().get(axis);
                from += at * spec.srcStrides().get(axis);
                to += at * spec.dstStrides().get(axis);
            }
            if (spec.add()) {
                Raw.f32(frame[1], to, Raw.f32(frame[1], to) + Raw.f32(frame[0], from));
            } else {
                Raw.i32(frame[1], to, Raw.i32(frame[0], from));
            }
        }
    }
}
