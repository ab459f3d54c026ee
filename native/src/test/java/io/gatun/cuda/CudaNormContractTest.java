package io.gatun.cuda;

import io.gatun.contract.KernelContract;
import io.gatun.cuda.kernels.MixedNorms;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/** The contract of normalization and pooling, in float and in 16 bits, on the emulated device. */
@RequiresEmulation
class CudaNormContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(
                BatchNormSpec.class, GroupNormSpec.class, PoolSpec.class, AdaptivePoolSpec.class, MixedSpec.class);
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        return spec instanceof MixedSpec mixed && !MixedNorms.has(mixed.of());
    }
}
