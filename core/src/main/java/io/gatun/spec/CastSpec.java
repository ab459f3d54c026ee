package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * dst[i] = src[i] in another floating type: rounded to nearest, ties to even; what is too large becomes an infinity, and a
 * NaN stays one. Its line: {@code cast f32 to=bf16 count=1000}.
 */
public record CastSpec(DType from, DType to, long count) implements Spec {
    public CastSpec {
        Checks.require(
                from.floating() && to.floating() && from != to,
                () -> "cast: from " + from.word() + " to " + to.word()
                        + "; known are two different ones of f32, bf16, f16");
        Checks.notNegative("cast", "count", count);
        Checks.product("cast", count);
    }

    @Override
    public List<Operand> operands() {
        return List.of(Operand.read("src", from, count), Operand.write("dst", to, count));
    }

    @Override
    public double flops() {
        return 0;
    }

    static CastSpec parse(SpecLine line) {
        return new CastSpec(line.type(), DType.of(line.text("to", "nothing")), line.count("count"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("cast", from)
                .put("to", to.word())
                .put("count", count)
                .toString();
    }
}
