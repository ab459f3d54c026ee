/** jextract output only; regenerate with bindings/regenerate. */
module io.gatun.bindings {
    exports io.gatun.bindings.onednn to
            io.gatun.accel;
    exports io.gatun.bindings.omp to
            io.gatun.accel;
    exports io.gatun.bindings.cudart to
            io.gatun.accel;
}
