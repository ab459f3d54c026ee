package io.gatun.cuda;

import io.gatun.kernel.Backend;
import io.gatun.parallel.Workers;

/** Our own kernels on an NVIDIA GPU, through the CUDA runtime and Panama. */
public final class CudaBackend implements Backend {
    /** For the service loader; loads nothing. */
    public CudaBackend() {}

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public Session open(Workers workers) {
        return new CudaSession(CudaContext.open());
    }
}
