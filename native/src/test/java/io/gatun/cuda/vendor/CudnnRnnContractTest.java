package io.gatun.cuda.vendor;

import io.gatun.contract.KernelContract;
import io.gatun.cuda.Emulation;
import io.gatun.cuda.RequiresCuda;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.util.Set;

/**
 * The contract of recurrent layers, by the fake cuDNN: that we ask it for the right layer, and weights are where it looks; by
 * the real one on a GPU.
 */
@RequiresCuda(vendor = true)
class CudnnRnnContractTest extends KernelContract {
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
        return Set.of(LstmSpec.class, GruSpec.class, RnnSpec.class);
    }

    @Override
    protected int every() {
        return 16;
    }

    @Override
    protected int everySpecial() {
        return 12;
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        // What the real one has is its own affair.
        return Emulation.onDevice()
                || switch (spec) {
                    case LstmSpec lstm -> lstm.t() * lstm.b() == 0;
                    case GruSpec gru -> gru.t() * gru.b() == 0;
                    case RnnSpec rnn -> rnn.t() * rnn.b() == 0;
                    default -> true;
                };
    }
}
