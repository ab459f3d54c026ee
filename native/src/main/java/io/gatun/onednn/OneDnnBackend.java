package io.gatun.onednn;

import io.gatun.kernel.Backend;
import io.gatun.parallel.Workers;

/** oneDNN on the host, called through Panama. */
public final class OneDnnBackend implements Backend {
    /** For the service loader; loads nothing. */
    public OneDnnBackend() {}

    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public Session open(Workers workers) {
        return new OneDnnSession(workers, OneDnnLibrary.require(workers.threads()));
    }
}
