package io.gatun.cuda.vendor;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.kernels.Casts;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernel;
import io.gatun.spec.CastSpec;
import io.gatun.spec.GemmSpec;

/**
 * A product with a bias whose C has 16 bits: cuBLASLt would want the bias in 16 bits too, and it is float. So the product,
 * its bias and its ReLU go to floats in scratch memory, which Gatun's kernel of a cast rounds, once, into C. Used under the
 * context's lock.
 *
 * <p>The floats are written and read besides, 8 bytes an element, and the cast is a launch more. Small products and those of
 * few terms do not pay for that and are left to our own kernels. The rule is reckoned and not measured: with 790 TFLOP/s and
 * 4.3 TB/s of an H200, 3 µs for a launch, and our own kernels taken for half as fast as cuBLASLt.
 */
final class RoundedProduct implements VendorKernel.Calls {
    /** Multiply-adds in whose time one float is written and read again: 8 bytes at 4.3 TB/s, at 395 T a second. */
    private static final double PER_ELEMENT = 735;

    /** Multiply-adds in whose time a second launch starts. */
    private static final double PER_LAUNCH = 1.2e9;

    /** For tests: whether products of any size go this way. */
    private static final String ANY_SIZE = "gatun.cuda.gemm.rounded";

    /** With cuBLASLt's workspace 256 MiB, as a convolution of cuDNN's may take from the scratch memory that all plans share. */
    private static final long MOST_BYTES = (256L << 20) - CublasLtGemm.MOST_WORKSPACE;

    private final VendorKernel.Calls product;
    private final Kernel cast;
    private final long bytes;
    private final long[] productFrame = new long[4];
    private final long[] castFrame = new long[2];

    /**
     * Of a product that is not {@linkplain #refusal refused}.
     *
     * @param result type of C
     * @param product the same with a C of floats
     */
    RoundedProduct(CudaContext context, GemmSpec gemm, DType result, VendorKernel.Calls product) {
        this.product = product;
        CastSpec rounding = new CastSpec(DType.F32, result, elements(gemm));
        this.cast = VendorSession.own(Casts.offer(context, rounding), rounding);
        this.bytes = Room.aligned(Float.BYTES * elements(gemm));
    }

    private static long elements(GemmSpec gemm) {
        return (long) gemm.batch() * gemm.m() * gemm.n();
    }

    /** Why a product with a bias does not go this way; null if it does. It has rows, columns and terms. */
    static String refusal(GemmSpec gemm) {
        if (gemm.beta() != 0) {
            return "beta C would have to be cast before";
        }
        boolean dense = gemm.ldc() == gemm.n() && (gemm.batch() == 1 || gemm.strideC() == (long) gemm.m() * gemm.n());
        if (!dense) {
            return "C has to be dense";
        }
        if (elements(gemm) > MOST_BYTES / Float.BYTES) {
            return elements(gemm) + " of them take more than " + MOST_BYTES + " bytes of scratch memory";
        }
        return gain(gemm) >= PER_LAUNCH || Boolean.getBoolean(ANY_SIZE)
                ? null
                : "only larger products, or of more terms, are taken for faster than Gatun's own";
    }

    /** Before the launch is paid for, in multiply-adds: our own kernel takes the time of twice the product's. */
    private static double gain(GemmSpec gemm) {
        return elements(gemm) * (gemm.k() - PER_ELEMENT);
    }

    /** Bytes of scratch memory that come before the product's own. */
    long bytes() {
        return bytes;
    }

    @Override
    public void run(long[] frame, long scratch) {
        System.arraycopy(frame, 0, productFrame, 0, 3);
        productFrame[3] = scratch;
        product.run(productFrame, scratch + bytes);
        castFrame[0] = scratch;
        castFrame[1] = frame[3];
        cast.execute(castFrame);
    }
}
