package io.gatun.cuda;

import io.gatun.contract.KernelContract;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/** The contract of recurrent layers, on the emulated device. */
@RequiresCuda
class CudaRecurrentContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(LstmSpec.class, RnnSpec.class, GruSpec.class);
    }

    /** A step is a launch, whose threads wait for each other: fibers. */
    @Override
    protected int every() {
        return 6;
    }

    @Override
    protected int everySpecial() {
        return 4;
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        return false;
    }
}
