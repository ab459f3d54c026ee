package io.gatun.cuda.vendor;

import io.gatun.contract.KernelContract;
import io.gatun.cuda.Emulation;
import io.gatun.cuda.RequiresCuda;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/** Convolutions by the fake cuDNN, or on a GPU by the real one, at addresses of any element, within the CPU's bounds. */
@RequiresCuda(vendor = true)
class CudnnContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cudnn";
    }

    @Override
    protected String preference() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(ConvSpec.class);
    }

    /** What cuDNN makes of these numbers is the fake's affair; which problems it is given, and how, is ours. */
    @Override
    protected int every() {
        return 23;
    }

    @Override
    protected int everySpecial() {
        return 23;
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        boolean empty = spec.operands().stream().anyMatch(operand -> operand.elements() == 0);
        return Emulation.onDevice() // what the real one has is its own affair
                || empty
                || !(spec instanceof ConvSpec conv)
                || !conv.activation().equals(Activation.IDENTITY)
                        && !conv.activation().equals(Activation.RELU);
    }
}
