/** jextract output and the lookup behind it; regenerate with bindings/regenerate. */
module io.gatun.bindings {
    exports io.gatun.bindings to
            io.gatun.accel;
    exports io.gatun.bindings.onednn to
            io.gatun.accel;
    exports io.gatun.bindings.omp to
            io.gatun.accel;
    exports io.gatun.bindings.cudart to
            io.gatun.accel;
    exports io.gatun.bindings.cublaslt to
            io.gatun.accel;
    exports io.gatun.bindings.cudnn to
            io.gatun.accel;
}
