/** oneDNN and CUDA through Panama; a module cannot be called {@code native}. */
module io.gatun.accel {
    requires transitive io.gatun.core;
    requires io.gatun.bindings;

    exports io.gatun.cuda;
    exports io.gatun.cuda.runtime;
    exports io.gatun.onednn;

    provides io.gatun.kernel.Backend with
            io.gatun.onednn.OneDnnBackend,
            io.gatun.cuda.CudaBackend,
            io.gatun.cuda.vendor.CudnnBackend,
            io.gatun.cuda.vendor.CublasLtBackend;
}
