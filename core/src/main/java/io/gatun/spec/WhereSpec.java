package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * dst[i] = mask[i] != 0 ? a[i] : b[i]. What is not chosen does not matter, NaN and infinities included; a mask of NaN
 * chooses a.
 *
 * <p>Operands: mask, a, b, dst.
 *
 * @param oneA whether a is one number for all
 * @param oneB whether b is
 */
public record WhereSpec(long count, boolean oneA, boolean oneB) implements Spec {
    public WhereSpec {
        Checks.notNegative("where", "count", count);
        Checks.product("where", count);
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("mask", DType.F32, count),
                Operand.read("a", DType.F32, oneA ? 1 : count),
                Operand.read("b", DType.F32, oneB ? 1 : count),
                Operand.write("dst", DType.F32, count));
    }

    @Override
    public double flops() {
        return 0;
    }

    static WhereSpec parse(SpecLine line) {
        return new WhereSpec(line.count("count"), line.flag("one_a"), line.flag("one_b"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("where")
                .flag("one_a", oneA)
                .flag("one_b", oneB)
                .put("count", count)
                .toString();
    }
}
