package io.gatun.cuda.vendor;

import io.gatun.cuda.CudaLibraries;
import io.gatun.cuda.NvidiaLibrary;
import io.gatun.kernel.Backend;
import io.gatun.parallel.Workers;

/** NVIDIA's layers, where cuDNN is installed. */
public final class CudnnBackend implements Backend {
    /** For the service loader; loads nothing. */
    public CudnnBackend() {}

    @Override
    public String name() {
        return "cudnn";
    }

    @Override
    public Session open(Workers workers) {
        // cuDNN asks the dynamic linker for these by name, and finds what is loaded wherever it lies.
        CudaLibraries.find(NvidiaLibrary.CUBLASLT);
        CudaLibraries.find(NvidiaLibrary.CUBLAS);
        return VendorSession.open(NvidiaLibrary.CUDNN, CudnnSession::new);
    }
}
