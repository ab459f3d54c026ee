package io.gatun.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux says this process has in memory: for tests of what is left behind. */
public final class ResidentMemory {
    private ResidentMemory() {}

    /** Bytes, after a collection of the heap. */
    public static long bytes() throws IOException {
        System.gc();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new AssertionError("/proc/self/status has no VmRSS");
    }
}
