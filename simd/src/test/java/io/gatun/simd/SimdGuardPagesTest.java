package io.gatun.simd;

import io.gatun.contract.GuardPages;
import io.gatun.spec.Spec;
import java.util.Set;
import org.junit.jupiter.api.Tag;

/** All families: a masked load at the end of a buffer is where a vector kernel reads too far. */
@Tag("widths")
class SimdGuardPagesTest extends GuardPages {
    @Override
    protected String backend() {
        return "simd";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return SimdContractTest.in32Bits(super.families());
    }
}
