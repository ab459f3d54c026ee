package io.gatun.contract;

import org.junit.jupiter.api.Tag;

@Tag("widths")
class ReferenceContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "reference";
    }
}
