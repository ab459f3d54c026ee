package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Sum, mean or sum of squares over some axes of a dense tensor; the axes that are left keep their order. A mean of
 * nothing is NaN, a sum of nothing 0.
 *
 * <p>Operands: src, dst.
 *
 * @param axes distinct axes within the rank, ascending
 */
public record ReduceSpec(Op op, Dims shape, Dims axes) implements Spec {
    public enum Op {
        SUM,
        MEAN,
        SUM_SQUARES
    }

    public ReduceSpec {
        for (int i = 0; i < shape.size(); i++) {
            Checks.notNegative("reduce", "shape", shape.get(i));
        }
        for (int i = 0; i < axes.size(); i++) {
            Checks.require(
                    axes.get(i) >= (i == 0 ? 0 : axes.get(i - 1) + 1) && axes.get(i) < shape.size(),
                    () -> "reduce: axes=" + axes + " are not ascending axes of shape " + shape.joined("x"));
        }
        Checks.product("reduce", shape.asLongs());
    }

    /** All elements to one number. */
    public static ReduceSpec all(Op op, int count) {
        return new ReduceSpec(op, Dims.of(count), Dims.of(0));
    }

    /** Over the rows of a matrix: one number a column, as a bias gradient needs. */
    public static ReduceSpec rows(Op op, int rows, int cols) {
        return new ReduceSpec(op, Dims.of(rows, cols), Dims.of(0));
    }

    /** How many numbers go into each result. */
    public long reduced() {
        long product = 1;
        for (int i = 0; i < axes.size(); i++) {
            product *= shape.get(axes.get(i));
        }
        return product;
    }

    /** How many results there are. */
    public long kept() {
        long product = 1;
        for (int i = 0; i < shape.size(); i++) {
            product *= axes.contains(i) ? 1 : shape.get(i);
        }
        return product;
    }

    @Override
    public List<Operand> operands() {
        return List.of(Operand.read("src", DType.F32, shape.product()), Operand.write("dst", DType.F32, kept()));
    }

    @Override
    public double flops() {
        return 0;
    }

    static ReduceSpec parse(SpecLine line) {
        return new ReduceSpec(
                line.word(Op.class, Op.SUM), Dims.of(line.integers("shape", "x")), Dims.of(line.integers("axes", ",")));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("reduce")
                .word(op)
                .put("shape", shape.joined("x"))
                .put("axes", axes)
                .toString();
    }
}
