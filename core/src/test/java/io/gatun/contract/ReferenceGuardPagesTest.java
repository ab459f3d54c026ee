package io.gatun.contract;

class ReferenceGuardPagesTest extends GuardPages {
    @Override
    protected String backend() {
        return "reference";
    }
}
