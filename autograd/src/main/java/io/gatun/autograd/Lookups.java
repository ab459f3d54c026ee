package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.RowNumbersSpec;

/**
 * Picking by 32-bit indices. All are the gather of the embedding kernel on rows that the indices are turned into, so a
 * gradient is the sum over all uses, in the order of the indices.
 */
public final class Lookups {
    private Lookups() {}

    /**
     * The entries of an axis that the indices [k] name, as torch.index_select: [.., n, ..] to [.., k, ..].
     *
     * @throws IndexOutOfBoundsException if an index is not within 0 and n - 1
     */
    public static Tensor indexSelect(Tensor src, int axis, Tensor indices) {
        int at = Pieces.axis("indexSelect", src, axis);
        if (indices.shape.rank() != 1) {
            throw new IllegalArgumentException(
                    "indexSelect: indices " + indices.shape + " for " + src.shape + " must be [k]");
        }
        int k = indices.shape.dim(0);
        int n = src.shape.dim(at);
        long outer = Pieces.elements(src.shape, 0, at);
        Shape shape = Pieces.with(src.shape, at, k);
        return rows(
                "indexSelect",
                src,
                outer * n,
                indices,
                new RowNumbersSpec(Math.max(1, n), Math.max(1, k), k, outer),
                shape);
    }

    /**
     * Entries of the last axis, as torch.gather: dst[r, j] = src[r, indices[r, j]] for src [.., n] and indices [.., k].
     *
     * @throws IllegalArgumentException if the other axes differ
     * @throws IndexOutOfBoundsException if an index is not within 0 and n - 1
     */
    public static Tensor gather(Tensor src, Tensor indices) {
        if (src.shape.rank() == 0
                || indices.shape.rank() != src.shape.rank()
                || !Views.leading(indices.shape, 1).equals(Views.leading(src.shape, 1))) {
            throw new IllegalArgumentException("gather: src " + src.shape + " and indices " + indices.shape
                    + " do not fit; all axes but the last must agree");
        }
        int n = src.shape.last();
        int k = indices.shape.last();
        RowNumbersSpec numbers = new RowNumbersSpec(Math.max(1, n), Math.max(1, k), indices.shape.elements(), 1);
        return rows("gather", src, src.shape.elements(), indices, numbers, indices.shape);
    }

    /**
     * @param table rows that src is looked at as
     * @param numbers which of them an index means
     */
    private static Tensor rows(
            String name, Tensor src, long table, Tensor indices, RowNumbersSpec numbers, Shape shape) {
        Tape tape = Tape.of(name, src, indices);
        Casts.requireFloating(name, src);
        Views.require(name, indices, DType.I32);
        long count = numbers.given() * numbers.times();
        if (count == 0 || src.shape.elements() == 0) {
            throw new IllegalArgumentException(
                    name + ": nothing to pick from " + src.shape + " by indices " + indices.shape);
        }
        Tensor places = tape.result(Shape.of(Math.toIntExact(count)), DType.I32, name + " places");
        tape.run(numbers, indices.memory(), places.memory);
        Tensor from = Casts.floats(name, src);
        Tensor result = at(name, from, table, places, shape);
        places.release();
        Casts.release(from, src);
        return result;
    }

    /** The rows of src, looked at as a table of so many, that the places name. */
    static Tensor at(String name, Tensor src, long table, Tensor places, Shape shape) {
        EmbeddingSpec spec = new EmbeddingSpec(
                Direction.FORWARD,
                Math.toIntExact(table),
                Math.toIntExact(src.shape.elements() / table),
                places.shape.elements());
        Tape tape = places.tape;
        Tensor dst = tape.result(shape, name);
        tape.run(spec, places.memory, src.memory(), dst.memory);
        return tape.record(new Op.Embedding(spec), dst, src, places);
    }
}
