package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.CopySpec;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A strided block copied or added in one launch: 8 bytes an element, 12 added, bound by memory; through tiles where src and dst
 * run along different axes.
 */
public final class Copies {
    private Copies() {}

    public static Offer offer(CudaContext context, CopySpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, CopySpec spec, DType storage) {
        return of(spec).offer(context, "cuda:copy", storage);
    }

    static StridedCopy of(CopySpec spec) {
        List<StridedCopy.Axis> axes = IntStream.range(0, spec.shape().size())
                .mapToObj(k -> new StridedCopy.Axis(
                        spec.shape().get(k),
                        spec.srcStrides().get(k),
                        spec.dstStrides().get(k)))
                .toList();
        return StridedCopy.of(spec.add(), axes);
    }
}
