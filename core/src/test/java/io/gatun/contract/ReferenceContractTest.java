package io.gatun.contract;

class ReferenceContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "reference";
    }
}
