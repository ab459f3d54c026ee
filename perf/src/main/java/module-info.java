/** The gatun command line, side-by-side benchmarks and the JMH suite. */
// JMH 1.37 and what it takes its statistics from have no module-info; their file names alone make them modules.
@SuppressWarnings("requires-automatic")
module io.gatun.perf {
    requires io.gatun.nn;
    requires io.gatun.simd;
    requires io.gatun.accel;
    requires jdk.incubator.vector;
    requires info.picocli;
    requires com.fasterxml.jackson.core;
    requires jmh.core;
    requires commons.math3;
    // JMH asks Unsafe for field offsets and the management beans for its heap figures.
    requires jdk.unsupported;
    requires jdk.management;
    requires java.management;
    // Decodes the pictures of train --data folder:DIR.
    requires java.desktop;

    // JMH makes the profiler.
    exports io.gatun.perf.jmh to
            jmh.core;

    opens io.gatun.perf to
            info.picocli;
}
