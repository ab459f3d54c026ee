package io.gatun.simd;

import io.gatun.memory.Raw;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads and writes scalars until the JVM has counted enough of them. All methods behind {@code MemorySegment.get} are
 * inlined by annotation but the last, {@code Unsafe.getLongUnaligned} and its kind: C2 inlines that one only if its caller
 * called it 0.0085 times as often as the caller was interpreted, by the counts of the whole JVM and not of the kernel that
 * is compiled. A JVM that interpreted some hundred reads of longs, and none since, would leave a call in every kernel that
 * reads one, and spill all of the kernel's vectors around it.
 *
 * <p>GEMM of 1024 on one core: 0.91 to 0.92 of oneDNN without this, 0.99 to 1.00 with it; a 3x3 convolution of 16 channels
 * 0.62, or 0.98 in one JVM of three, and 0.95 to 0.99. It takes some milliseconds, most of which the first kernel would take.
 */
final class ScalarProfile {
    /** Compiled with counters after some hundred, which takes the compiler's thread a few milliseconds. */
    private static final int READS = 20_000;

    private ScalarProfile() {}

    static void fill() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment cell = arena.allocate(16, 8);
            long at = cell.address();
            for (int i = 0; i < READS; i++) {
                touch(at, i);
            }
        }
    }

    private static void touch(long at, int i) {
        Raw.MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, at, i + Raw.MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
        Raw.MEMORY.set(
                ValueLayout.JAVA_FLOAT_UNALIGNED, at + 8, i + Raw.MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at + 8));
    }
}
