package io.gatun.nn.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Walks an array's elements in row-major order, whatever the order of its memory, and converts them. */
final class NpyElements {
    private final MemorySegment data;
    private final TensorType type;
    private final ValueLayout.OfShort shorts;
    private final ValueLayout.OfInt ints;
    private final ValueLayout.OfLong longs;
    private final long[] shape;
    private final long[] strides;
    private final long[] place;
    private long at;

    NpyElements(NpyArray array) {
        ByteOrder order = array.order();
        data = array.data();
        type = array.type();
        shorts = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order);
        ints = ValueLayout.JAVA_INT_UNALIGNED.withOrder(order);
        longs = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(order);
        shape = array.shape();
        strides = new long[shape.length];
        place = new long[shape.length];
        long stride = type.bytes();
        for (int i = 0; i < shape.length; i++) {
            int axis = array.fortran() ? i : shape.length - 1 - i;
            strides[axis] = stride;
            stride *= shape[axis];
        }
    }

    /** Byte of the next element; at most {@code size} calls are valid. */
    long next() {
        long found = at;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            at += strides[axis];
            if (++place[axis] < shape[axis]) {
                break;
            }
            place[axis] = 0;
            at -= strides[axis] * shape[axis];
        }
        return found;
    }

    /** The element at a byte, of any type but a floating one; U64 as its bits. */
    long integer(long byteAt) {
        return switch (type) {
            case BOOL -> data.get(ValueLayout.JAVA_BYTE, byteAt) != 0 ? 1 : 0;
            case I8 -> data.get(ValueLayout.JAVA_BYTE, byteAt);
            case U8 -> data.get(ValueLayout.JAVA_BYTE, byteAt) & 0xFF;
            case I16 -> data.get(shorts, byteAt);
            case U16 -> data.get(shorts, byteAt) & 0xFFFF;
            case I32 -> data.get(ints, byteAt);
            case U32 -> data.get(ints, byteAt) & 0xFFFFFFFFL;
            case I64, U64 -> data.get(longs, byteAt);
            case F16, BF16, F32, F64 -> throw new IllegalStateException(type + " is not an integer");
        };
    }

    /** The element at a byte, rounded once to float. */
    float real(long byteAt) {
        return switch (type) {
            case F16 -> Float.float16ToFloat(data.get(shorts, byteAt));
            case F32 -> Float.intBitsToFloat(data.get(ints, byteAt));
            case F64 -> (float) Double.longBitsToDouble(data.get(longs, byteAt));
            case U64 -> unsigned(integer(byteAt));
            default -> integer(byteAt);
        };
    }

    /** Halving with the lost bit kept at the bottom rounds as the whole would. */
    private static float unsigned(long bits) {
        return bits >= 0 ? bits : 2 * (float) (bits >>> 1 | bits & 1);
    }
}
