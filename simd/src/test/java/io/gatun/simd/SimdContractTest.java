package io.gatun.simd;

import io.gatun.contract.KernelContract;
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
    protected boolean bitwiseEqualToReference() {
        return true;
    }

    @Override
    protected boolean sameBitsForAnyThreads() {
        return true;
    }
}
