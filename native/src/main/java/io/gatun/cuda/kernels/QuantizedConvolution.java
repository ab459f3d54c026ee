package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.QuantizedConvSpec;

/** int8 runs on the CPU backends. */
public final class QuantizedConvolution {
    private QuantizedConvolution() {}

    public static Offer offer(CudaContext context, QuantizedConvSpec spec) {
        return Offer.refused("int8 runs on the CPU backends");
    }
}
