package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * What hides the padding behind each sequence from attention: mask[b, key] = 0 where key &lt; lengths[b], else -Inf. A length
 * outside 1 to {@code keys} throws {@link IndexOutOfBoundsException}, for a query that sees no key gets NaN.
 *
 * <p>Operands: lengths (i32 [batch]), mask.
 */
public record PaddingMaskSpec(int batch, int keys) implements Spec {
    public PaddingMaskSpec {
        Checks.notNegative("paddingmask", "batch", batch);
        Checks.notNegative("paddingmask", "keys", keys);
        Checks.product("paddingmask", batch, keys);
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("lengths", DType.I32, batch), Operand.write("mask", DType.F32, (long) batch * keys));
    }

    @Override
    public double flops() {
        return 0;
    }

    static PaddingMaskSpec parse(SpecLine line) {
        return new PaddingMaskSpec(line.integer("batch"), line.integer("keys"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("paddingmask")
                .put("batch", batch)
                .put("keys", keys)
                .toString();
    }
}
