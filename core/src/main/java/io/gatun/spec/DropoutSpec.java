package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Inverted dropout: dst[i] = src[i] times {@link #scale} if h[i] &gt;= {@link #threshold}, else 0, where h[i] are 16 random
 * bits ({@link io.gatun.random.Philox#half}). So p is taken to the nearest multiple of 1/65,536, and the scale is that
 * multiple's, so that the expectation of dst is src. The mask depends on the rng operand alone, so backward is the same
 * kernel run on diffDst. A NaN that is kept stays NaN; p = 1 drops all.
 *
 * <p>Operands: src, rng (i64: seed, step, stream), dst.
 *
 * @param p the probability of a drop, 0 to 1
 */
public record DropoutSpec(long count, float p) implements Spec {
    public DropoutSpec {
        Checks.notNegative("dropout", "count", count);
        Checks.product("dropout", count);
        Checks.require(p >= 0 && p <= 1, () -> "dropout: p=" + p + " is not within 0 and 1");
    }

    /** Of 65,536 equally likely values of an element's random bits those below it drop it: p 65,536, rounded. */
    public int threshold() {
        return (int) Math.rint(p * 65_536.0);
    }

    /** 1 / (1 - p) for p as {@link #threshold} has it, rounded to float; infinite where all is dropped. */
    public float scale() {
        return (float) (65_536.0 / (65_536 - threshold()));
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("src", DType.F32, count),
                Operand.read("rng", DType.I64, 3),
                Operand.write("dst", DType.F32, count));
    }

    @Override
    public double flops() {
        return 0;
    }

    static DropoutSpec parse(SpecLine line) {
        return new DropoutSpec(line.count("count"), line.real("p", 0.5f));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("dropout").put("count", count).put("p", p).toString();
    }
}
