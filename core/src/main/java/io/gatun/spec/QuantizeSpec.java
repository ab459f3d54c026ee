package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Numbers to bytes: dst[i] = rint(src[i] · (1 / scale) + zeroPoint) clamped to 0 and 255, halves to the even neighbour, each
 * step rounded to float: the bits of torch.quantize_per_tensor(…, torch.quint8). Infinities are clamped too.
 *
 * <p>A byte cannot say NaN, but the scale that goes on with the bytes can: dstScale is the scale, or NaN where any
 * src[i] is NaN (that byte is then 0), and whatever multiplies by it is NaN as a whole.
 *
 * <p>Operands: src, scale (one positive normal number), zeroPoint (one, 0 to 255), dst, dstScale (one).
 */
public record QuantizeSpec(long count) implements Spec {
    public QuantizeSpec {
        Checks.notNegative("quantize", "count", count);
        Checks.product("quantize", count);
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("src", DType.F32, count),
                Operand.read("scale", DType.F32, 1),
                Operand.read("zeroPoint", DType.I32, 1),
                Operand.write("dst", DType.U8, count),
                Operand.write("dstScale", DType.F32, 1));
    }

    @Override
    public double flops() {
        return 0;
    }

    static QuantizeSpec parse(SpecLine line) {
        return new QuantizeSpec(line.count("count"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("quantize").put("count", count).toString();
    }
}
