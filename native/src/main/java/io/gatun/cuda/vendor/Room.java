package io.gatun.cuda.vendor;

/** Places within a kernel's scratch memory, one behind the other, as aligned as NVIDIA's libraries want them. */
final class Room {
    private static final long ALIGNMENT = 256;

    private long bytes;

    /** Offset of so many bytes. */
    long take(long more) {
        long at = bytes;
        bytes += aligned(more);
        return at;
    }

    /** What so many bytes take up. */
    static long aligned(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    /** What was taken. */
    long bytes() {
        return bytes;
    }
}
