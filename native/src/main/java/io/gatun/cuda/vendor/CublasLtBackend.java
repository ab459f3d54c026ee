package io.gatun.cuda.vendor;

import io.gatun.cuda.NvidiaLibrary;
import io.gatun.kernel.Backend;
import io.gatun.parallel.Workers;

/** NVIDIA's matrix products, where cuBLASLt is installed. */
public final class CublasLtBackend implements Backend {
    /** For the service loader; loads nothing. */
    public CublasLtBackend() {}

    @Override
    public String name() {
        return "cublaslt";
    }

    @Override
    public Session open(Workers workers) {
        return VendorSession.open(NvidiaLibrary.CUBLASLT, CublasLtSession::new);
    }
}
