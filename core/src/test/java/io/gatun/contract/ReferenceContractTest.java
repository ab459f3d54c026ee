package io.gatun.contract;

import org.junit.jupiter.api.Tag;

/** The scalar kernels; a second run is interpreted (see the pom). */
@Tag("interpreter")
class ReferenceContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "reference";
    }

    @Override
    protected boolean cutsForThreads() {
        return false;
    }
}
