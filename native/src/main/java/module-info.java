/** oneDNN through Panama; a module cannot be called {@code native}. */
module io.gatun.accel {
    requires transitive io.gatun.core;
    requires io.gatun.bindings;

    exports io.gatun.onednn;

    provides io.gatun.kernel.Backend with
            io.gatun.onednn.OneDnnBackend;
}
