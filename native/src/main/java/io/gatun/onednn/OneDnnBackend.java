package io.gatun.onednn;

import io.gatun.kernel.Backend;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.util.List;

/** oneDNN on the host. */
public final class OneDnnBackend implements Backend {
    /** Loads nothing. */
    public OneDnnBackend() {}

    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public Session open(Workers workers) {
        LoadResult.Loaded library = OneDnnLibrary.require(workers.threads());
        return new Session() {
            @Override
            public Offer offer(Spec spec) {
                return Offer.refused("oneDNN has no kernel for " + spec);
            }

            @Override
            public List<String> describe() {
                return List.of("oneDNN " + library.version() + " from " + library.place());
            }
        };
    }
}
