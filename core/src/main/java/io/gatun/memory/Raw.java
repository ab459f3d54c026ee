package io.gatun.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * All of memory as one segment of the global scope, for kernels: addresses are checked at the plan's door, and inside
 * the loop a shared segment's liveness checks would cost 5-15 % (see FACTS). Everything here is as unsafe as a pointer.
 */
public final class Raw {
    /** Index it with an address. */
    public static final MemorySegment MEMORY = all();

    private Raw() {}

    @SuppressWarnings("restricted")
    private static MemorySegment all() {
        NativeAccess.require();
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    public static float f32(long address, long index) {
        return MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address + index * 4);
    }

    public static void f32(long address, long index, float value) {
        MEMORY.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address + index * 4, value);
    }

    public static int i32(long address, long index) {
        return MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, address + index * 4);
    }

    public static void i32(long address, long index, int value) {
        MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, address + index * 4, value);
    }

    public static byte i8(long address, long index) {
        return MEMORY.get(ValueLayout.JAVA_BYTE, address + index);
    }

    public static void i8(long address, long index, byte value) {
        MEMORY.set(ValueLayout.JAVA_BYTE, address + index, value);
    }

    public static short i16(long address, long index) {
        return MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, address + index * 2);
    }

    public static void i16(long address, long index, short value) {
        MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, address + index * 2, value);
    }

    public static long i64(long address, long index) {
        return MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, address + index * 8);
    }

    public static double f64(long address, long index) {
        return MEMORY.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, address + index * 8);
    }

    public static void f64(long address, long index, double value) {
        MEMORY.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, address + index * 8, value);
    }

    public static void i64(long address, long index, long value) {
        MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, address + index * 8, value);
    }
}
