package io.gatun.reference;

import io.gatun.kernel.Backend;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.Spec;
import java.util.List;

/** Scalar kernels, one thread, no vector: what every other backend is compared with, and the last resort. */
public final class ReferenceBackend implements Backend {
    /** For the service loader. */
    public ReferenceBackend() {}

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public Session open(Workers workers) {
        return new Session() {
            @Override
            public Offer offer(Spec spec) {
                return ReferenceBackend.offer(spec);
            }

            @Override
            public List<String> describe() {
                return List.of("scalar Java, one thread");
            }
        };
    }

    private static Offer offer(Spec spec) {
        return switch (spec) {
            case ActivationSpec s -> Offer.of(new ReferenceActivation(s));
            default -> Offer.refused("no reference kernel");
        };
    }
}
