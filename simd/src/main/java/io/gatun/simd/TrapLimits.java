package io.gatun.simd;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * Two limits of C2 that a JVM's history can exceed. Compiling a kernel, C2 adds up what went wrong with every JDK method it
 * inlines, each inlining again: after 100 traps of a kind or 201 recompilations it stops to trust profiles, does not know a
 * vector's class any more, and calls the JDK's Java code for it, with an object for each vector and 1/100 of the speed. A
 * tile reads a scalar 14 times, so eight programs' methods that met a confined segment after shared ones are enough. Seen in
 * three of four JVMs that ran the tests of layers: a 12-row tile compiled again after a minute made 23 KB of garbage a step,
 * for good; none of six with both limits raised. No running JVM can raise them.
 */
final class TrapLimits {
    private static final String TRAPS = "PerMethodTrapLimit";
    private static final String RECOMPILATIONS = "PerMethodRecompilationCutoff";

    /** More than a kernel adds up to: some hundred inlinings, each with some traps a bytecode. */
    private static final int ENOUGH = 10_000;

    /** For {@code gatun doctor}. */
    static final String STATUS = status();

    private TrapLimits() {}

    static String status(long traps, long recompilations) {
        if (traps >= ENOUGH && recompilations >= ENOUGH) {
            return "C2 trusts profiles up to " + traps + " traps and " + recompilations + " recompilations";
        }
        return "C2 may leave a kernel's vectors on the heap in a JVM that has run for long (limits " + traps + " and "
                + recompilations + "): start Java with -XX:" + TRAPS + "=" + ENOUGH + " -XX:" + RECOMPILATIONS + "="
                + ENOUGH;
    }

    private static String status() {
        try {
            var jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            return status(
                    Long.parseLong(jvm.getVMOption(TRAPS).getValue()),
                    Long.parseLong(jvm.getVMOption(RECOMPILATIONS).getValue()));
        } catch (IllegalArgumentException e) {
            return "this JVM's compiler has no " + TRAPS + " (" + e.getMessage() + ")";
        }
    }
}
