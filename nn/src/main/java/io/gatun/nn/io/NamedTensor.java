package io.gatun.nn.io;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A dense little-endian tensor to be written, or one that was read.
 *
 * @param name unique in its file, not empty, not {@code __metadata__}
 * @param type element type
 * @param shape dimensions, each at least 0, row-major; empty for a scalar
 * @param data exactly {@code type.bytes(shape)} bytes, of the host or a device
 */
public record NamedTensor(String name, TensorType type, long[] shape, MemorySegment data) {

    /** @throws IllegalArgumentException when the name is reserved or the segment's size is not the shape's */
    public NamedTensor {
        Objects.requireNonNull(name, "name");
        shape = shape.clone();
        if (name.isEmpty() || name.equals(SafetensorsHeader.METADATA)) {
            throw new IllegalArgumentException("tensor name \"" + name + "\" is empty or reserved by the format");
        }
        long needed;
        try {
            needed = type.bytes(shape);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "tensor " + name + ": shape " + Arrays.toString(shape) + " has no size", e);
        }
        if (data.byteSize() != needed) {
            throw new IllegalArgumentException("tensor " + name + " " + type + Arrays.toString(shape) + " needs "
                    + needed + " bytes, its segment has " + data.byteSize());
        }
    }

    /** A copy of the dimensions. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public String toString() {
        return name + " " + type + Arrays.toString(shape);
    }
}
