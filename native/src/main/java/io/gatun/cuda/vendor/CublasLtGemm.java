package io.gatun.cuda.vendor;

import io.gatun.bindings.cublaslt.CublasLt;
import io.gatun.cuda.kernels.Gemm;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;

/**
 * Matrix products by cuBLASLt, with a bias and a ReLU in its epilogue. Its matrices are column-major, so what it computes
 * is Cᵀ = op(B)ᵀ op(A)ᵀ: the same bytes, the factors swapped, and our row of biases along its columns, as it wants them.
 *
 * <p>Buffers may begin at any element, and most begin at a multiple of 16 bytes, which fast algorithms need. So each
 * product has two algorithms, and each run takes the one that the addresses allow.
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

    private CublasLtGemm() {}

    /**
     * The product, if cuBLASLt has it.
     *
     * @param spec as it was asked for
     * @param storage of A and B
     * @param result of C
     */
    static Offer offer(CublasLtSession session, Spec spec, GemmSpec gemm, DType storage, DType result) {
        String refusal = refusal(gemm, result);
        return refusal != null
                ? Offer.refused(refusal)
                : Offer.of(session.holding(parts -> {
                    Matmul matmul = new Matmul(session, spec, parts);
                    matmul.describe(gemm, type(storage), type(result), compute(storage));
                    return kernel(session, matmul, spec, gemm, storage, result);
                }));
    }

    private static String refusal(GemmSpec gemm, DType result) {
        if (gemm.m() == 0 || gemm.n() == 0 || gemm.k() == 0 || gemm.batch() == 0) {
            return "cuBLASLt has no empty matrices";
        }
        if (Math.min(gemm.m(), gemm.n()) < LEAST_SIDE) {
            return "C has fewer than " + LEAST_SIDE + " rows or columns";
        }
        if (gemm.alpha() == 0) {
            return "with alpha = 0 cuBLASLt does not say whether a NaN in A or B counts";
        }
        if (gemm.bias() && result != DType.F32) {
            return "cuBLASLt adds a bias in the type of C, " + result.word() + ", and it is f32";
        }
        return switch (gemm.activation().kind()) {
            case IDENTITY, RELU -> null;
            case GELU -> "cuBLASLt's GELU is the approximation by tanh, and gelu is by erf";
            default -> "cuBLASLt has no epilogue for " + gemm.activation();
        };
    }

    private static int type(DType type) {
        return switch (type) {
            case BF16 -> CublasLt.CUDA_R_16BF();
            case F16 -> CublasLt.CUDA_R_16F();
            default -> CublasLt.CUDA_R_32F();
        };
    }

    private static int compute(DType storage) {
        return storage == DType.F32 && Gemm.tf32()
                ? CublasLt.CUBLAS_COMPUTE_32F_FAST_TF32()
                : CublasLt.CUBLAS_COMPUTE_32F();
    }

    static int epilogue(GemmSpec gemm) {
        boolean relu = gemm.activation().kind() == Activation.Kind.RELU;
        if (gemm.bias()) {
            return relu ? CublasLt.CUBLASLT_EPILOGUE_RELU_BIAS() : CublasLt.CUBLASLT_EPILOGUE_BIAS();
        }
        return relu ? CublasLt.CUBLASLT_EPILOGUE_RELU() : CublasLt.CUBLASLT_EPILOGUE_DEFAULT();
    }

    private static VendorKernel kernel(
            CublasLtSession session, Matmul matmul, Spec spec, GemmSpec gemm, DType storage, DType result) {
        Matmul.Algorithm fast = matmul.algorithm(ALIGNED, ALIGNED);
        Matmul.Algorithm any = matmul.algorithm(storage.bytes(), result.bytes());
        boolean biased = gemm.bias();
        String suffix = storage == DType.F32 && Gemm.tf32() ? "tf32" : storage.word();
        return new VendorKernel(
                session.context,
                spec,
                "cublaslt:gemm-" + suffix,
                Math.max(fast.workspace(), any.workspace()),
                0,
                (frame, scratch) -> {
                    long bias = biased ? frame[2] : 0;
                    long c = frame[biased ? 3 : 2];
                    boolean aligned = ((frame[0] | frame[1] | bias | c) & (ALIGNED - 1)) == 0;
                    if (biased) {
                        matmul.bias(bias);
                    }
                    matmul.run(aligned ? fast : any, frame[0], frame[1], c, scratch);
                });
    }
}
