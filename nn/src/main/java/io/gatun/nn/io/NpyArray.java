package io.gatun.nn.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An array as a {@code .npy} file has it: raw elements, and how to read them. {@link #floats()}, {@link #integers()}
 * and {@link #copyFloats} bring any of NumPy's numbers into C order and native byte order; {@link #data()} is the file's
 * own bytes, which a kernel may read in place when {@link #isNativeRowMajor()} holds. Immutable; thread-safe as far as
 * its segment's arena is.
 *
 * @param type element type, not {@code BF16}
 * @param order byte order of {@code data}
 * @param fortran the first axis is the fastest (a transposed array), else the last one
 * @param shape dimensions, each at least 0; empty for a scalar
 * @param data exactly {@code type.bytes(shape)} bytes, at any alignment
 */
public record NpyArray(TensorType type, ByteOrder order, boolean fortran, long[] shape, MemorySegment data) {

    /** @throws IllegalArgumentException when the type is no NumPy type or the segment's size is not the shape's */
    public NpyArray {
        shape = shape.clone();
        if (type == TensorType.BF16) {
            throw new IllegalArgumentException("a .npy array cannot be BF16: NumPy has no bfloat16");
        }
        long needed;
        try {
            needed = type.bytes(shape);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(".npy array of shape " + Arrays.toString(shape) + " has no size", e);
        }
        if (data.byteSize() != needed) {
            throw new IllegalArgumentException(".npy array " + type + Arrays.toString(shape) + " needs " + needed
                    + " bytes, its segment has " + data.byteSize());
        }
    }

    /** float32 in row-major order over {@code values}, not copied. */
    public static NpyArray of(float[] values, long... shape) {
        return new NpyArray(TensorType.F32, ByteOrder.nativeOrder(), false, shape, MemorySegment.ofArray(values));
    }

    /** int32 in row-major order over {@code values}, not copied. */
    public static NpyArray of(int[] values, long... shape) {
        return new NpyArray(TensorType.I32, ByteOrder.nativeOrder(), false, shape, MemorySegment.ofArray(values));
    }

    /** Number of elements. */
    public long size() {
        return data.byteSize() / type.bytes();
    }

    /** Whether {@code data} can be read in place: native byte order, last axis fastest. */
    public boolean isNativeRowMajor() {
        boolean oneAxis = Arrays.stream(shape).filter(d -> d != 1).count() <= 1;
        return (order == ByteOrder.nativeOrder() || type.bytes() == 1) && (!fortran || oneAxis || size() == 0);
    }

    /**
     * All elements as float32 in row-major order, each rounded once; a bool is 0 or 1.
     *
     * @throws IllegalStateException when there are more than 2^31 - 9 elements: use {@link #copyFloats}
     */
    public float[] floats() {
        float[] values = new float[arraySize("floats")];
        copyFloats(MemorySegment.ofArray(values));
        return values;
    }

    /**
     * All elements as int32 in row-major order.
     *
     * @throws IllegalStateException when the type is a floating one, there are too many elements, or one of them does
     *     not fit 32 bits (the message names it)
     */
    public int[] integers() {
        if (type == TensorType.F16 || type == TensorType.F32 || type == TensorType.F64) {
            throw new IllegalStateException(".npy array " + this + " is not of integers: read floats()");
        }
        int[] values = new int[arraySize("integers")];
        NpyElements elements = new NpyElements(this);
        for (int i = 0; i < values.length; i++) {
            long value = elements.integer(elements.next());
            if (value != (int) value || (type == TensorType.U64 && value < 0)) {
                throw new IllegalStateException("element " + i + " of .npy array " + this + " is "
                        + (type == TensorType.U64 ? Long.toUnsignedString(value) : value) + ", not in int's range");
            }
            values[i] = (int) value;
        }
        return values;
    }

    /**
     * Writes all elements as float32 in row-major order.
     *
     * @param dst at least 4·{@link #size()} bytes
     * @throws IllegalArgumentException when {@code dst} is too small
     */
    public void copyFloats(MemorySegment dst) {
        long size = size();
        if (dst.byteSize() < 4 * size) {
            throw new IllegalArgumentException(
                    ".npy array " + this + " needs " + 4 * size + " bytes as float32, dst has " + dst.byteSize());
        }
        if (type == TensorType.F32 && isNativeRowMajor()) {
            MemorySegment.copy(data, 0, dst, 0, 4 * size);
            return;
        }
        NpyElements elements = new NpyElements(this);
        for (long i = 0; i < size; i++) {
            dst.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, elements.real(elements.next()));
        }
    }

    /** Takes a part of the elements' bytes. */
    interface Bytes {
        void take(byte[] bytes, int from, int count) throws IOException;
    }

    /** The raw bytes in order, 64 KiB at a time: a segment may lie on the heap and be of any type of array. */
    void forEachChunk(Bytes to) throws IOException {
        byte[] chunk = new byte[1 << 16];
        for (long at = 0; at < data.byteSize(); at += chunk.length) {
            int size = (int) Math.min(chunk.length, data.byteSize() - at);
            MemorySegment.copy(data, at, MemorySegment.ofArray(chunk), 0, size);
            to.take(chunk, 0, size);
        }
    }

    private int arraySize(String what) {
        long size = size();
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException(
                    ".npy array " + this + " has " + size + " elements, too many for an array of " + what);
        }
        return (int) size;
    }

    /** A copy of the dimensions. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public String toString() {
        return type + Arrays.toString(shape);
    }
}
