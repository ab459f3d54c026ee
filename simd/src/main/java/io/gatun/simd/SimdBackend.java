package io.gatun.simd;

import io.gatun.kernel.Backend;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Spec;
import java.util.List;

/** Vector API kernels: need nothing but the incubator module. */
public final class SimdBackend implements Backend {
    /** For the service loader. */
    public SimdBackend() {}

    @Override
    public String name() {
        return "simd";
    }

    @Override
    public Session open(Workers workers) {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            throw new NativeUnavailableException(
                    "the Vector API is not there: start java with --add-modules jdk.incubator.vector");
        }
        return new SimdSession(workers);
    }

    private record SimdSession(Workers workers) implements Session {
        @Override
        public Offer offer(Spec spec) {
            return switch (spec) {
                case ConvSpec s -> SimdConv.offer(s, workers);
                case GemmSpec s -> SimdGemm.offer(s, workers);
                case LstmSpec s -> SimdLstm.offer(s, workers);
                default -> Offer.refused("no simd kernel");
            };
        }

        @Override
        public List<String> describe() {
            return List.of("vectors of " + Lanes.F.vectorBitSize() + " bits, " + workers.threads() + " threads");
        }
    }
}
