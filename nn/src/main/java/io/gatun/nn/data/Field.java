package io.gatun.nn.data;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import java.util.Objects;

/**
 * One named part of every sample: {@code images f32 [32x32x3]}, {@code labels i32 []}.
 *
 * @param name by which a batch is asked for it
 * @param type of its elements
 * @param shape of one sample; a batch has one dimension more in front
 */
public record Field(String name, DType type, Shape shape) {

    /** @throws NullPointerException when a component is null */
    public Field {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(shape, "shape");
    }

    /** Bytes of one sample. */
    public long bytes() {
        return shape.elements() * type.bytes();
    }

    @Override
    public String toString() {
        return name + " " + type.word() + " " + shape;
    }
}
