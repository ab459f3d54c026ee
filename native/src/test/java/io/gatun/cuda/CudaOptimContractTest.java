package io.gatun.cuda;

import io.gatun.contract.KernelContract;
import io.gatun.spec.AdagradSpec;
import io.gatun.spec.AdamSpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.LossSpec;
import io.gatun.spec.PenaltySpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.RmsPropSpec;
import io.gatun.spec.SgdSpec;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/**
 * Sums, softmax, losses, embeddings and optimizers: all specs on the emulated device, most with the reference's
 * bits.
 */
@RequiresCuda
class CudaOptimContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(
                AdagradSpec.class,
                AdamSpec.class,
                CrossEntropySpec.class,
                EmbeddingSpec.class,
                LossSpec.class,
                PenaltySpec.class,
                ReduceSpec.class,
                RmsPropSpec.class,
                SgdSpec.class,
                SoftmaxSpec.class);
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        return false;
    }

    /** Embeddings among them: no index of the cases comes more than 128 times. */
    @Override
    protected Set<Class<? extends Spec>> bitwiseEqualToReference() {
        return Set.of(
                AdagradSpec.class,
                AdamSpec.class,
                EmbeddingSpec.class,
                LossSpec.class,
                PenaltySpec.class,
                RmsPropSpec.class,
                SgdSpec.class);
    }
}
