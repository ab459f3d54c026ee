package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Images of bytes as a net takes them, one pass: of each a window is cut out, mirrored or not, and every byte becomes the
 * float that a table has for it, which is where a standardization is done:
 * dst[i, y, x, k] = table[k, src[i, top + y, left + x', k]] with x' = ow − 1 − x where mirrored, else x. A window may go beyond
 * its image, or lie outside: what is not there is byte 0.
 *
 * <p>Operands: src (u8 [n, h, w, c]), table [c, 256], windows (i32 [n, 3]: top, left, and 0 or, for mirrored, any other number),
 * dst [n, oh, ow, c].
 *
 * @param oh rows of a window
 * @param ow columns of a window
 */
public record CropMirrorNormalizeSpec(int n, int h, int w, int c, int oh, int ow) implements Spec {
    private static final String FAMILY = "cropmirrornormalize";

    public CropMirrorNormalizeSpec {
        Checks.notNegative(FAMILY, "n", n);
        Checks.positive(FAMILY, "h", h);
        Checks.positive(FAMILY, "w", w);
        Checks.positive(FAMILY, "c", c);
        Checks.positive(FAMILY, "oh", oh);
        Checks.positive(FAMILY, "ow", ow);
        Checks.product(FAMILY, n, h, w, c);
        Checks.product(FAMILY, n, oh, ow, c);
        long row = (long) ow * c;
        Checks.require(row <= Integer.MAX_VALUE, () -> FAMILY + ": a row of ow·c=" + row + " values is above 2^31 - 1");
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("src", DType.U8, (long) n * h * w * c),
                Operand.read("table", DType.F32, 256L * c),
                Operand.read("windows", DType.I32, 3L * n),
                Operand.write("dst", DType.F32, (long) n * oh * ow * c));
    }

    @Override
    public double flops() {
        return 0;
    }

    static CropMirrorNormalizeSpec parse(SpecLine line) {
        int h = line.integer("h");
        int w = line.integer("w");
        return new CropMirrorNormalizeSpec(
                line.integer("n"), h, w, line.integer("c"), line.integer("oh", h), line.integer("ow", w));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer(FAMILY)
                .put("n", n)
                .put("h", h)
                .put("w", w)
                .put("c", c)
                .put("oh", oh, h)
                .put("ow", ow, w)
                .toString();
    }
}
