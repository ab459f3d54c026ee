package io.gatun.cuda.vendor;

import io.gatun.bindings.cublaslt.CublasLt;
import io.gatun.cuda.kernels.Gemm;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.memory.Owned;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;

/**
 * Matrix products by cuBLASLt, with a bias and a ReLU in its epilogue. Its matrices are column-major, so what it computes
 * is Cᵀ = op(B)ᵀ op(A)ᵀ: the same bytes, the factors swapped, and our row of biases along its columns, as it wants them.
 *
 * <p>Buffers may begin at any element, and most begin at a multiple of 16 bytes, which fast algorithms need. So each
 * product has two algorithms, and each run takes the one that the addresses allow.
 *
 * <p>A bias of floats it adds to floats alone: where C has 16 bits there is a {@link RoundedProduct}.
 */
final class CublasLtGemm {
    /**
     * Products with fewer rows or columns in C than this are left to our own kernels, which have some for few vectors. 0:
     * nobody has measured yet where those are the faster ones.
     */
    static final int LEAST_SIDE = 0;

    /** What an algorithm may ask for; NVIDIA advises 32 MiB for an H100. */
    static final long MOST_WORKSPACE = 32L << 20;

    /** The widest load of a kernel. */
    private static final int ALIGNED = 16;

    private final CublasLtSession session;
    private final Spec spec;
    private final GemmSpec gemm;
    private final DType storage;
    private final DType result;

    private CublasLtGemm(CublasLtSession session, Spec spec, GemmSpec gemm, DType storage, DType result) {
        this.session = session;
        this.spec = spec;
        this.gemm = gemm;
        this.storage = storage;
        this.result = result;
    }

    /**
     * The product, if cuBLASLt has it.
     *
     * @param spec as it was asked for
     * @param storage of A and B
     * @param result of C
     */
    static Offer offer(CublasLtSession session, Spec spec, GemmSpec gemm, DType storage, DType result) {
        CublasLtGemm product = new CublasLtGemm(session, spec, gemm, storage, result);
        String refusal = product.refusal();
        return refusal != null ? Offer.refused(refusal) : Offer.of(session.holding(product::kernel));
    }

    private String refusal() {
        if (gemm.m() == 0 || gemm.n() == 0 || gemm.k() == 0 || gemm.batch() == 0) {
            return "cuBLASLt has no empty matrices";
        }
        if (Math.min(gemm.m(), gemm.n()) < LEAST_SIDE) {
            return "C has fewer than " + LEAST_SIDE + " rows or columns";
        }
        if (gemm.alpha() == 0) {
            return "with alpha = 0 cuBLASLt does not say whether a NaN in A or B counts";
        }
        return switch (gemm.activation().kind()) {
            case IDENTITY, RELU -> rounded() ? roundedRefusal() : null;
            case GELU -> "cuBLASLt's GELU is the approximation by tanh, and gelu is by erf";
            default -> "cuBLASLt has no epilogue for " + gemm.activation();
        };
    }

    private boolean rounded() {
        return gemm.bias() && result != DType.F32;
    }

    private String roundedRefusal() {
        String refusal = RoundedProduct.refusal(gemm);
        return refusal == null
                ? null
                : "cuBLASLt adds a bias in the type of C, " + result.word() + ", and it is f32; by way of floats "
                        + refusal;
    }

    private static int type(DType type) {
        return switch (type) {
            case BF16 -> CublasLt.CUDA_R_16BF();
            case F16 -> CublasLt.CUDA_R_16F();
            default -> CublasLt.CUDA_R_32F();
        };
    }

    private boolean tf32() {
        return storage == DType.F32 && Gemm.tf32();
    }

    static int epilogue(GemmSpec gemm) {
        boolean relu = gemm.activation().kind() == Activation.Kind.RELU;
        if (gemm.bias()) {
            return relu ? CublasLt.CUBLASLT_EPILOGUE_RELU_BIAS() : CublasLt.CUBLASLT_EPILOGUE_BIAS();
        }
        return relu ? CublasLt.CUBLASLT_EPILOGUE_RELU() : CublasLt.CUBLASLT_EPILOGUE_DEFAULT();
    }

    private VendorKernel kernel(Owned parts) {
        DType written = rounded() ? DType.F32 : result;
        Matmul matmul = new Matmul(session, spec, parts);
        int compute = tf32() ? CublasLt.CUBLAS_COMPUTE_32F_FAST_TF32() : CublasLt.CUBLAS_COMPUTE_32F();
        matmul.describe(gemm, type(storage), type(written), compute);
        Matmul.Algorithm fast = matmul.algorithm(ALIGNED, ALIGNED);
        Matmul.Algorithm any = matmul.algorithm(storage.bytes(), written.bytes());
        long workspace = Math.max(fast.workspace(), any.workspace());
        VendorKernel.Calls product = product(matmul, fast, any);
        String name = "cublaslt:gemm-" + (tf32() ? "tf32" : storage.word());
        if (!rounded()) {
            return new VendorKernel(session.context, spec, name, workspace, 0, product);
        }
        RoundedProduct rounded = new RoundedProduct(session.context, gemm, result, product);
        return new VendorKernel(session.context, spec, name + "+cast", rounded.bytes() + workspace, 0, rounded);
    }

    private VendorKernel.Calls product(Matmul matmul, Matmul.Algorithm fast, Matmul.Algorithm any) {
        boolean biased = gemm.bias();
        return (frame, scratch) -> {
            long bias = biased ? frame[2] : 0;
            long c = frame[biased ? 3 : 2];
            boolean aligned = ((frame[0] | frame[1] | bias | c) & (ALIGNED - 1)) == 0;
            if (biased) {
                matmul.bias(bias);
            }
            matmul.run(aligned ? fast : any, frame[0], frame[1], c, scratch);
        };
    }
}
