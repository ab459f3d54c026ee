package io.gatun.simd;

import io.gatun.contract.KernelContract;
import io.gatun.spec.Spec;
import java.util.Set;
import org.junit.jupiter.api.Tag;

/** All families: simd refuses none. */
@Tag("widths")
@Tag("interpreter")
class SimdContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "simd";
    }

    @Override
    protected Set<Class<? extends Spec>> bitwiseEqualToReference() {
        return families();
    }

    @Override
    protected boolean sameBitsForAnyThreads() {
        return true;
    }
}
