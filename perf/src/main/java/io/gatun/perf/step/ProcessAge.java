package io.gatun.perf.step;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** How long this process has been there: from the shell script that became the JVM, where the system says so. */
final class ProcessAge {
    private static final Path SELF = Path.of("/proc/self/stat");
    private static final Path UPTIME = Path.of("/proc/uptime");

    /** Field 22 of proc(5)'s stat counts in ticks, of which a second has 100 on every Linux that Java runs on. */
    private static final double TICKS = 100;

    private static final int START = 22;

    private ProcessAge() {}

    /** Seconds, to the hundredth; without {@code /proc} since the JVM began. */
    static double seconds() {
        if (!Files.isReadable(SELF) || !Files.isReadable(UPTIME)) {
            return ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
        }
        try {
            double now = Double.parseDouble(Files.readString(UPTIME).split(" ")[0]);
            return now - start(Files.readString(SELF)) / TICKS;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The second field, a name in brackets, may hold spaces and brackets. */
    static long start(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[START - 3]);
    }
}
