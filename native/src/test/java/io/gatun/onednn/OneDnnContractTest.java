package io.gatun.onednn;

import io.gatun.contract.KernelContract;
import io.gatun.spec.*;
import java.util.Set;
import org.junit.jupiter.api.Tag;

/** oneDNN's kernels against the double-precision oracles. */
@Tag("widths")
class OneDnnContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "onednn";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(
                ActivationSpec.class,
                BatchNormSpec.class, BinarySpec.class,
                ConvSpec.class,
                GemmSpec.class, LstmSpec.class,
                PermuteSpec.class,
                PoolSpec.class,
                ReduceSpec.class,
                SoftmaxSpec.class);
    }

    @Override
    protected Set<Class<? extends Spec>> mustOffer() {
        return Set.of(BinarySpec.class, ConvSpec.class, GemmSpec.class, PermuteSpec.class);
    }
}
