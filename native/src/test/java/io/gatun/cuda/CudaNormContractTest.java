package io.gatun.cuda;

import io.gatun.contract.KernelContract;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/** The contract of normalization and pooling, on the emulated device. */
@RequiresCuda
class CudaNormContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(BatchNormSpec.class, GroupNormSpec.class, PoolSpec.class, AdaptivePoolSpec.class);
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        return false;
    }
}
