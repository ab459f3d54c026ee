package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Dims;
import io.gatun.spec.PermuteSpec;

/** dst in order, each element fetched from where its coordinates lie in src. */
final class ReferencePermute implements Kernel {
    private final long count;
    private final long[] extent;
    private final long[] stride;

    ReferencePermute(PermuteSpec spec) {
        Dims shape = spec.shape();
        this.count = shape.product();
        this.extent = new long[shape.size()];
        this.stride = new long[shape.size()];
        for (int axis = 0; axis < extent.length; axis++) {
            int from = spec.permutation().get(axis);
            extent[axis] = shape.get(from);
            stride[axis] = 1;
            for (int i = from + 1; i < extent.length; i++) {
                stride[axis] *= shape.get(i);
            }
        }
    }

    @Override
    public String implementation() {
        return "reference:permute";
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < count; i++) {
            long from = 0;
            long rest = i;
            for (int axis = extent.length - 1; axis >= 0; axis--) {
                from += rest % extent[axis] * stride[axis];
                rest /= extent[axis];
            }
            Raw.i32(frame[1], i, Raw.i32(frame[0], from));
        }
    }
}
