package io.gatun.onednn;

import io.gatun.kernel.Backend;
import io.gatun.parallel.Workers;

/** Kernels of oneDNN, called through Panama. The library comes from the dnnl jar on the path. */
public final class OneDnnBackend implements Backend {
    /** For the service loader; loads nothing. */
    public OneDnnBackend() {}

    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public Session open(Workers workers) {
        OneDnnLibrary.load();
        return new OneDnnSession(workers);
    }
}
