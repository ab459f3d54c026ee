package io.gatun.kernel;

/**
 * One buffer that a kernel reads or writes: dense, native byte order, aligned to its element.
 *
 * @param name the field's name for it: {@code src}, {@code weights}, {@code diffDst}, …
 * @param elements how many elements the buffer must hold at least; for a {@link Access#WORKSPACE} operand the
 *     implementation decides its bytes ({@link Plan#operands()} has the figure)
 */
public record Operand(String name, Access access, DType type, long elements) {
    /** What the kernel does with a buffer. */
    public enum Access {
        /** Only read. */
        READ,
        /** Written whole without being read: it may hold anything before, NaN included. */
        WRITE,
        /** Read and written. */
        UPDATE,
        /** Written by a forward kernel, read by the backward kernel of the same implementation; opaque. */
        WORKSPACE
    }

    public static Operand read(String name, DType type, long elements) {
        return new Operand(name, Access.READ, type, elements);
    }

    public static Operand write(String name, DType type, long elements) {
        return new Operand(name, Access.WRITE, type, elements);
    }

    public static Operand update(String name, DType type, long elements) {
        return new Operand(name, Access.UPDATE, type, elements);
    }

    /** An opaque buffer whose size the implementation chooses. */
    public static Operand workspace() {
        return new Operand("workspace", Access.WORKSPACE, DType.U8, 0);
    }

    public long bytes() {
        return Math.multiplyExact(elements, type.bytes());
    }

    public boolean written() {
        return access != Access.READ;
    }
}
