package io.gatun.simd;

import io.gatun.contract.KernelContract;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
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
        return Set.of(ConvSpec.class, GemmSpec.class, LstmSpec.class);
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
