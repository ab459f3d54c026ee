package io.gatun.perf.step;

import com.sun.management.ThreadMXBean;
import io.gatun.kernel.Profile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Times training steps, one by one. */
public final class StepTimer {
    private static final Path STATUS = Path.of("/proc/self/status");

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private StepTimer() {}

    /**
     * Warms up, times, and then profiles one more step.
     *
     * @param warmups steps that are not timed
     * @param warmSeconds how long they take at least: the JVM compiles a ResNet-20's step for about two seconds
     * @param steps that are, at least one
     */
    public static StepReport run(TrainingStep step, String backend, int warmups, double warmSeconds, int steps) {
        double first = Double.NaN;
        long begin = System.nanoTime();
        for (int i = 0; i < warmups || System.nanoTime() - begin < warmSeconds * 1e9; i++) {
            step.run();
            first = i == 0 ? ProcessAge.seconds() : first;
        }
        double[] nanos = new double[steps];
        float loss = 0;
        long before = THREADS.getTotalThreadAllocatedBytes();
        for (int i = 0; i < steps; i++) {
            long start = System.nanoTime();
            loss = step.run();
            nanos[i] = System.nanoTime() - start;
            first = Double.isNaN(first) ? ProcessAge.seconds() : first;
        }
        double allocated = (THREADS.getTotalThreadAllocatedBytes() - before) / (double) steps;
        long rss = peakRss();
        List<Profile.Line> lines;
        long profiledNanos;
        step.takeApart();
        try (Profile profile = step.kernels().profile()) {
            long start = System.nanoTime();
            step.run();
            profiledNanos = System.nanoTime() - start;
            lines = profile.lines();
        }
        double flops = 0;
        for (Profile.Line line : lines) {
            flops += line.runs() * line.spec().flops();
        }
        int threads = step.kernels().threads();
        return new StepReport(
                step.net(),
                backend,
                threads,
                step.batch(),
                step.parameterCount(),
                first,
                nanos,
                flops,
                allocated,
                rss,
                Peak.flops(threads),
                loss,
                lines,
                profiledNanos);
    }

    /** The high-water mark of resident memory, bytes; 0 where the system does not say. */
    static long peakRss() {
        if (!Files.isReadable(STATUS)) {
            return 0;
        }
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith("VmHWM:")) {
                    return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
