/** Vector API kernels. */
module io.gatun.simd {
    requires java.management;
    requires jdk.incubator.vector;
    requires jdk.management;
    requires transitive io.gatun.core;

    exports io.gatun.simd;

    provides io.gatun.kernel.Backend with
            io.gatun.simd.SimdBackend;
}
