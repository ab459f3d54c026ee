package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * dst[r, c] = x if x &gt; 0, else slope[c] x, for x = src[r, c]; the slope is learned. Backward: diffSrc = diffDst (1 if x
 * &gt; 0, else slope[c]) and diffSlope[c] = Σ diffDst x over the x &lt;= 0, whose order depends on the sizes alone. Where x is
 * NaN, so are the results.
 *
 * <p>Operands forward: src, slope, dst. Backward: src, slope, diffDst, diffSrc, diffSlope.
 *
 * @param one whether there is one slope for all columns
 */
public record PReluSpec(Direction direction, long rows, int cols, boolean one) implements Spec {
    public PReluSpec {
        Checks.notNegative("prelu", "rows", rows);
        Checks.notNegative("prelu", "cols", cols);
        Checks.product("prelu", rows, cols);
    }

    public PReluSpec with(Direction newDirection) {
        return new PReluSpec(newDirection, rows, cols, one);
    }

    /** How many slopes there are. */
    public int slopes() {
        return one ? 1 : cols;
    }

    @Override
    public List<Operand> operands() {
        Operand src = Operand.read("src", DType.F32, rows * cols);
        Operand slope = Operand.read("slope", DType.F32, slopes());
        if (direction == Direction.FORWARD) {
            return List.of(src, slope, Operand.write("dst", DType.F32, rows * cols));
        }
        return List.of(
                src,
                slope,
                Operand.read("diffDst", DType.F32, rows * cols),
                Operand.write("diffSrc", DType.F32, rows * cols),
                Operand.write("diffSlope", DType.F32, slopes()));
    }

    @Override
    public double flops() {
        return 0;
    }

    static PReluSpec parse(SpecLine line) {
        return new PReluSpec(
                line.word(Direction.class, Direction.FORWARD),
                line.count("rows", 1),
                line.integer("cols"),
                line.flag("one"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("prelu")
                .word(direction)
                .flag("one", one)
                .put("rows", rows)
                .put("cols", cols)
                .toString();
    }
}
