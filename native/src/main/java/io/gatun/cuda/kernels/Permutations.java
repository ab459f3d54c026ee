package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Dims;
import io.gatun.spec.PermuteSpec;
import java.util.ArrayList;
import java.util.List;

/** Axes in another order in one launch: 8 bytes an element, bound by memory; tiles of 32 x 32 transpose. */
public final class Permutations {
    private Permutations() {}

    public static Offer offer(CudaContext context, PermuteSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, PermuteSpec spec, DType storage) {
        Dims shape = spec.shape();
        long[] strides = new long[shape.size()];
        long stride = 1;
        for (int axis = shape.size() - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape.get(axis);
        }
        List<StridedCopy.Axis> axes = new ArrayList<>();
        long dst = 1;
        for (int axis = shape.size() - 1; axis >= 0; axis--) {
            int from = spec.permutation().get(axis);
            axes.add(new StridedCopy.Axis(shape.get(from), strides[from], dst));
            dst *= shape.get(from);
        }
        return StridedCopy.of(false, axes).offer(context, "cuda:permute", storage);
    }
}
