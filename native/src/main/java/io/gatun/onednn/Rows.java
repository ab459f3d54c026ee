package io.gatun.onednn;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;

/** Moving and clearing whole runs of floats by address. */
final class Rows {
    private Rows() {}

    static void zero(long address, long floats) {
        for (long i = 0; i < floats; i++) {
            Raw.f32(address, i, 0);
        }
    }

    static void copy(long from, long to, long floats) {
        MemorySegment.copy(Raw.MEMORY, from, Raw.MEMORY, to, floats * Float.BYTES);
    }
}
