package io.gatun.cuda.kernels;

/** What one parameter of a kernel is given: the same at each run, but for the addresses of operands and scratch. */
public sealed interface Arg {
    /** The address of operand {@code index} of the spec and {@code offset} bytes. */
    record Operand(int index, long offset) implements Arg {
        public Operand {
            if (index < 0 || offset < 0) {
                throw new IllegalArgumentException("operand " + index + " at byte " + offset + ": both are 0 or more");
            }
        }
    }

    /** The address of the recipe's scratch memory and {@code offset} bytes. */
    record Scratch(long offset) implements Arg {
        public Scratch {
            if (offset < 0) {
                throw new IllegalArgumentException("scratch at byte " + offset);
            }
        }
    }

    /** Eight bytes or fewer that never change, low bytes first. */
    record Value(long bits) implements Arg {}

    static Arg operand(int index) {
        return new Operand(index, 0);
    }

    static Arg operand(int index, long byteOffset) {
        return new Operand(index, byteOffset);
    }

    static Arg scratch(long byteOffset) {
        return new Scratch(byteOffset);
    }

    /** An {@code int}. */
    static Arg i32(int value) {
        return new Value(value & 0xFFFF_FFFFL);
    }

    /** A {@code long long}. */
    static Arg i64(long value) {
        return new Value(value);
    }

    /** A {@code float}. */
    static Arg f32(float value) {
        return new Value(Float.floatToRawIntBits(value) & 0xFFFF_FFFFL);
    }

    /** A pointer that stays in its place as long as the context: {@code DeviceFault.address()}. */
    static Arg pointer(long address) {
        return new Value(address);
    }

    /** The null pointer. */
    static Arg none() {
        return new Value(0);
    }
}
