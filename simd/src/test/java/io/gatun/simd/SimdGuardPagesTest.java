package io.gatun.simd;

import io.gatun.contract.GuardPages;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Spec;
import java.util.Set;
import org.junit.jupiter.api.Tag;

@Tag("widths")
class SimdGuardPagesTest extends GuardPages {
    @Override
    protected String backend() {
        return "simd";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(ConvSpec.class, GemmSpec.class, LstmSpec.class);
    }
}
