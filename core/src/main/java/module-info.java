/** Memory, specs, plans, the reference kernels, random numbers and the worker pool. Depends on nothing. */
module io.gatun.core {
    requires jdk.management;

    exports io.gatun.kernel;
    exports io.gatun.memory;
    exports io.gatun.parallel;
    exports io.gatun.random;
    exports io.gatun.reference;
    exports io.gatun.spec;

    uses io.gatun.kernel.Backend;

    provides io.gatun.kernel.Backend with
            io.gatun.reference.ReferenceBackend;
}
