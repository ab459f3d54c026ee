package io.gatun.simd;

import io.gatun.contract.KernelContract;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AdamWSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.SgdSpec;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.Spec;
import java.util.Set;
import org.junit.jupiter.api.Tag;

@Tag("widths")
class SimdContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "simd";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(
                ActivationSpec.class,
                AdamWSpec.class,
                AxpbySpec.class,
                BatchNormSpec.class,
                BinarySpec.class,
                CrossEntropySpec.class,
                DropoutSpec.class,
                EmbeddingSpec.class,
                PermuteSpec.class,
                PoolSpec.class,
                ReduceSpec.class,
                SgdSpec.class,
                SoftmaxSpec.class);
    }

    @Override
    protected boolean bitwiseEqualToReference() {
        return true;
    }

    @Override
    protected boolean sameBitsForAnyThreads() {
        return true;
    }
}
