package io.gatun.perf.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The largest cache that a core has for itself: the second level, as Linux tells it. */
final class OwnCache {
    private static final Path SIZE = Path.of("/sys/devices/system/cpu/cpu0/cache/index2/size");

    /** 1 MB where nobody tells. */
    static final long BYTES = bytes(1 << 20);

    private OwnCache() {}

    private static long bytes(long otherwise) {
        if (!Files.isReadable(SIZE)) {
            return otherwise;
        }
        try {
            String size = Files.readString(SIZE).strip();
            return size.matches("[0-9]{1,9}K")
                    ? Long.parseLong(size.substring(0, size.length() - 1)) * 1024
                    : otherwise;
        } catch (IOException e) {
            return otherwise;
        }
    }
}
