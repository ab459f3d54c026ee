package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Where the first of the largest or smallest entries lies along the middle axis of src [outer, n, inner]: its index along
 * the axis, or its place in all of src. NaN counts as the most extreme.
 *
 * <p>Operands: src, dst (i32 [outer, inner]).
 *
 * @param inAll whether dst holds places in all of src
 * @param n at least 1
 */
public record ExtremeSpec(Op op, boolean inAll, long outer, int n, long inner) implements Spec {
    public enum Op {
        MAX,
        MIN
    }

    public ExtremeSpec {
        Checks.notNegative("extreme", "outer", outer);
        Checks.positive("extreme", "n", n);
        Checks.notNegative("extreme", "inner", inner);
        long elements = Checks.product("extreme", outer, n, inner);
        Checks.require(
                !inAll || elements <= Integer.MAX_VALUE,
                () -> "extreme: places in " + elements + " elements are more than 32-bit numbers hold");
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("src", DType.F32, outer * n * inner), Operand.write("dst", DType.I32, outer * inner));
    }

    @Override
    public double flops() {
        return 0;
    }

    static ExtremeSpec parse(SpecLine line) {
        return new ExtremeSpec(
                line.word(Op.class, null),
                line.flag("in_all"),
                line.count("outer", 1),
                line.integer("n"),
                line.count("inner", 1));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("extreme")
                .word(op)
                .flag("in_all", inAll)
                .put("outer", outer)
                .put("n", n)
                .put("inner", inner)
                .toString();
    }
}
