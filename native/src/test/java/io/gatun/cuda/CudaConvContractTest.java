package io.gatun.cuda;

import io.gatun.contract.KernelContract;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/** Convolutions in the three directions within the CPU's bounds, every one of them. */
@RequiresCuda
class CudaConvContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(ConvSpec.class);
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        return false;
    }
}
