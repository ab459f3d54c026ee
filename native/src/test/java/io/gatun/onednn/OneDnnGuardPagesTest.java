package io.gatun.onednn;

import io.gatun.contract.GuardPages;
import org.junit.jupiter.api.Tag;

/** oneDNN stays within its buffers: it has no check of its own, and our descriptors are the only bound it knows. */
@Tag("widths")
@RequiresOneDnn
class OneDnnGuardPagesTest extends GuardPages {
    @Override
    protected String backend() {
        return "onednn";
    }
}
