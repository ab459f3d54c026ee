package io.gatun.cuda;

import io.gatun.contract.KernelContract;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/** The contract of matrix products with the kernels that the plans choose. */
@RequiresCuda
class CudaGemmContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(GemmSpec.class);
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        return false;
    }
}
