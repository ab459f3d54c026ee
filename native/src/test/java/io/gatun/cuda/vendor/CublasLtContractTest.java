package io.gatun.cuda.vendor;

import io.gatun.contract.KernelContract;
import io.gatun.cuda.Emulation;
import io.gatun.cuda.RequiresCuda;
import io.gatun.kernel.DType;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract of matrix products, by the fake cuBLASLt: that we ask it for the right product; by the real one on a GPU. */
@RequiresCuda(vendor = true)
class CublasLtContractTest extends KernelContract {
    @BeforeAll
    static void anySize() {
        System.setProperty("gatun.cuda.gemm.rounded", "true");
    }

    @AfterAll
    static void clear() {
        System.clearProperty("gatun.cuda.gemm.rounded");
    }

    @Override
    protected String backend() {
        return "cublaslt";
    }

    @Override
    protected String preference() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(GemmSpec.class, MixedSpec.class);
    }

    @Override
    protected int every() {
        return 3;
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        // What the real one has is its own affair.
        return Emulation.onDevice()
                || switch (spec) {
                    case GemmSpec gemm -> mayRefuse(gemm, DType.F32);
                    case MixedSpec mixed
                    when mixed.of() instanceof GemmSpec gemm ->
                        mayRefuse(gemm, mixed.wide() ? DType.F32 : mixed.storage());
                    default -> true;
                };
    }

    private static boolean mayRefuse(GemmSpec gemm, DType result) {
        boolean empty = gemm.m() == 0 || gemm.n() == 0 || gemm.k() == 0 || gemm.batch() == 0;
        boolean plain = gemm.activation().equals(Activation.IDENTITY)
                || gemm.activation().equals(Activation.RELU);
        return empty || !plain || gemm.alpha() == 0 || gemm.bias() && result != DType.F32 && !rounded(gemm);
    }

    private static boolean rounded(GemmSpec gemm) {
        boolean dense = gemm.ldc() == gemm.n() && (gemm.batch() == 1 || gemm.strideC() == (long) gemm.m() * gemm.n());
        return gemm.beta() == 0 && dense;
    }
}
