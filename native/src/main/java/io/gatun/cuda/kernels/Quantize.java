package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.QuantizeSpec;

/** int8 runs on the CPU backends. */
public final class Quantize {
    private Quantize() {}

    public static Offer offer(CudaContext context, QuantizeSpec spec) {
        return Offer.refused("int8 runs on the CPU backends");
    }
}
