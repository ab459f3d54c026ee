package io.gatun.cuda;

import io.gatun.contract.KernelContract;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/** The contract of 16-bit storage, all forms that there are. */
@RequiresCuda
class CudaMixedContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(MixedSpec.class);
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        return false;
    }
}
