package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * dst[r,c] = a[r,c] op b, where b is a full matrix, one row (a bias: b[c]), one column (b[r]) or one number.
 *
 * <p>Operands: a, b, dst.
 */
public record BinarySpec(Op op, Broadcast broadcast, long rows, long cols) implements Spec {
    public enum Op {
        ADD,
        SUB,
        MUL,
        DIV,
        /** NaN if one of them is. */
        MAX,
        /** NaN if one of them is. */
        MIN,
        /** The share of a in the gradient of max(a, b): 1 if a &gt; b, 1/2 if they are equal, else 0; NaN as MAX. */
        SHARE
    }

    /** What b is. */
    public enum Broadcast {
        NONE,
        ROW,
        COLUMN,
        SCALAR
    }

    public BinarySpec {
        Checks.notNegative("binary", "rows", rows);
        Checks.notNegative("binary", "cols", cols);
        Checks.product("binary", rows, cols);
    }

    /** Both operands full, {@code count} elements each. */
    public static BinarySpec of(Op op, long count) {
        return new BinarySpec(op, Broadcast.NONE, 1, count);
    }

    /** a[r,c] + bias[c]. */
    public static BinarySpec bias(long rows, long cols) {
        return new BinarySpec(Op.ADD, Broadcast.ROW, rows, cols);
    }

    public BinarySpec with(Op newOp) {
        return new BinarySpec(newOp, broadcast, rows, cols);
    }

    @Override
    public List<Operand> operands() {
        long elements = rows * cols;
        long second =
                switch (broadcast) {
                    case NONE -> elements;
                    case ROW -> cols;
                    case COLUMN -> rows;
                    case SCALAR -> 1;
                };
        return List.of(
                Operand.read("a", DType.F32, elements),
                Operand.read("b", DType.F32, second),
                Operand.write("dst", DType.F32, elements));
    }

    @Override
    public double flops() {
        return 0;
    }

    static BinarySpec parse(SpecLine line) {
        Op op = line.word(Op.class, Op.ADD);
        Broadcast broadcast = line.word(Broadcast.class, Broadcast.NONE);
        return new BinarySpec(op, broadcast, line.count("rows", 1), line.count("cols"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("binary")
                .word(op)
                .word(broadcast)
                .put("rows", rows)
                .put("cols", cols)
                .toString();
    }
}
