package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Forward: dst[i] = table[indices[i]]. Backward: diffTable[indices[i]] += diffDst[i], in the order of i, so that the
 * bits do not depend on threads; a device may add what there is of one index beyond the first 128 in pieces, in an order
 * that depends on the indices alone. An index outside the vocabulary throws {@link IndexOutOfBoundsException}.
 *
 * <p>Operands forward: indices (i32), table, dst. Backward: indices, diffDst, diffTable (updated).
 *
 * @param vocabulary rows of the table
 * @param dim length of a row
 * @param count how many indices
 */
public record EmbeddingSpec(Direction direction, int vocabulary, int dim, long count) implements Spec {
    public EmbeddingSpec {
        Checks.positive("embedding", "vocabulary", vocabulary);
        Checks.positive("embedding", "dim", dim);
        Checks.notNegative("embedding", "count", count);
        Checks.product("embedding", vocabulary, dim);
        Checks.product("embedding", count, dim);
    }

    public EmbeddingSpec with(Direction newDirection) {
        return new EmbeddingSpec(newDirection, vocabulary, dim, count);
    }

    @Override
    public List<Operand> operands() {
        Operand indices = Operand.read("indices", DType.I32, count);
        long table = (long) vocabulary * dim;
        return direction == Direction.FORWARD
                ? List.of(
                        indices, Operand.read("table", DType.F32, table), Operand.write("dst", DType.F32, count * dim))
                : List.of(
                        indices,
                        Operand.read("diffDst", DType.F32, count * dim),
                        Operand.update("diffTable", DType.F32, table));
    }

    /** Rows that are gathered or added, read and written, and the indices: the table itself is not all touched. */
    @Override
    public double bytes() {
        return 4.0 * count * (direction == Direction.FORWARD ? 2.0 * dim + 1 : 3.0 * dim + 1);
    }

    @Override
    public double flops() {
        return 0;
    }

    static EmbeddingSpec parse(SpecLine line) {
        return new EmbeddingSpec(
                line.word(Direction.class, Direction.FORWARD),
                line.integer("vocabulary"),
                line.integer("dim"),
                line.count("count"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("embedding")
                .word(direction)
                .put("vocabulary", vocabulary)
                .put("dim", dim)
                .put("count", count)
                .toString();
    }
}
