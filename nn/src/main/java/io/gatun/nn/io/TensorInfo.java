package io.gatun.nn.io;

import java.util.Arrays;

/**
 * What a safetensors header says of one tensor; its size has been checked against the shape.
 *
 * @param name unique in the file
 * @param type element type
 * @param shape dimensions, row-major; empty for a scalar
 * @param offset first byte in the file
 * @param byteSize bytes in the file, {@code type.bytes(shape)}
 */
public record TensorInfo(String name, TensorType type, long[] shape, long offset, long byteSize) {

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
