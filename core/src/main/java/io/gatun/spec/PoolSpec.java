package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Max or average pooling of NHWC images. Max ignores padding and gives NaN where a window holds one; a window wholly in
 * the padding gives -Inf and index -1. Ties go to the first element in row order.
 *
 * <p>Operands max forward: src, dst, indices (i32, y·w + x in the image's plane). Max backward: diffDst, indices,
 * diffSrc. Average forward: src, dst. Average backward: diffDst, diffSrc.
 *
 * @param op {@code AVG} divides by the window clipped to the image, {@code AVG_PAD} by the window with its padding
 *     (PyTorch's default), clipped to the padded image where {@code ceil} lets it stick out; the average of no element is 0
 * @param ceil whether the output size is rounded up (a last window must start inside the image or its left padding)
 */
public record PoolSpec(
        Direction direction,
        Op op,
        int n,
        int h,
        int w,
        int c,
        int kh,
        int kw,
        int sh,
        int sw,
        int ph,
        int pw,
        int pb,
        int pr,
        boolean ceil)
        implements Spec {

    public enum Op {
        MAX,
        AVG,
        AVG_PAD
    }

    public PoolSpec {
        Checks.notNegative("pool", "n", n);
        Checks.notNegative("pool", "h", h);
        Checks.notNegative("pool", "w", w);
        Checks.positive("pool", "c", c);
        Checks.positive("pool", "kh", kh);
        Checks.positive("pool", "kw", kw);
        Checks.positive("pool", "sh", sh);
        Checks.positive("pool", "sw", sw);
        Checks.notNegative("pool", "ph", ph);
        Checks.notNegative("pool", "pw", pw);
        Checks.notNegative("pool", "pb", pb);
        Checks.notNegative("pool", "pr", pr);
        Checks.paddedSize("pool", h, ph, pb);
        Checks.paddedSize("pool", w, pw, pr);
        Checks.require(
                (long) h * w <= Integer.MAX_VALUE, () -> "pool: a " + h + "x" + w + " plane is too large to index");
        Checks.product("pool", Math.max(1, n), Math.max(1, h), Math.max(1, w), c);
        Checks.product(
                "pool",
                Math.max(1, n),
                Math.max(1, outSize(h, kh, sh, ph, pb, ceil)),
                Math.max(1, outSize(w, kw, sw, pw, pr, ceil)),
                c);
    }

    /** A forward pool with a square window. */
    public static PoolSpec of(Op op, int n, int h, int w, int c, int kernel, int stride, int padding) {
        return new PoolSpec(
                Direction.FORWARD,
                op,
                n,
                h,
                w,
                c,
                kernel,
                kernel,
                stride,
                stride,
                padding,
                padding,
                padding,
                padding,
                false);
    }

    /** The average of each plane. */
    public static PoolSpec global(int n, int h, int w, int c) {
        return new PoolSpec(Direction.FORWARD, Op.AVG, n, h, w, c, h, w, 1, 1, 0, 0, 0, 0, false);
    }

    public PoolSpec with(Direction newDirection) {
        return new PoolSpec(newDirection, op, n, h, w, c, kh, kw, sh, sw, ph, pw, pb, pr, ceil);
    }

    /** Output rows. */
    public int oh() {
        return outSize(h, kh, sh, ph, pb, ceil);
    }

    /** Output columns. */
    public int ow() {
        return outSize(w, kw, sw, pw, pr, ceil);
    }

    private static int outSize(int size, int kernel, int stride, int before, int after, boolean ceil) {
        long room = (long) size + before + after - kernel;
        long out = Math.floorDiv(ceil ? room + stride - 1 : room, stride) + 1;
        if (ceil && (out - 1) * stride >= (long) size + before) {
            out--;
        }
        return (int) Math.max(0, out);
    }

    @Override
    public List<Operand> operands() {
        long src = (long) n * h * w * c;
        long dst = (long) n * oh() * ow() * c;
        boolean forward = direction == Direction.FORWARD;
        if (op == Op.MAX) {
            return forward
                    ? List.of(
                            Operand.read("src", DType.F32, src),
                            Operand.write("dst", DType.F32, dst),
                            Operand.write("indices", DType.I32, dst))
                    : List.of(
                            Operand.read("diffDst", DType.F32, dst),
                            Operand.read("indices", DType.I32, dst),
                            Operand.write("diffSrc", DType.F32, src));
        }
        return forward
                ? List.of(Operand.read("src", DType.F32, src), Operand.write("dst", DType.F32, dst))
                : List.of(Operand.read("diffDst", DType.F32, dst), Operand.write("diffSrc", DType.F32, src));
    }

    @Override
    public double flops() {
        return 0;
    }

    static PoolSpec parse(SpecLine line) {
        int kh = line.integer("kh");
        int kw = line.integer("kw");
        int ph = line.integer("ph", 0);
        int pw = line.integer("pw", 0);
        return new PoolSpec(
                line.word(Direction.class, Direction.FORWARD),
                line.word(Op.class, null),
                line.integer("n"),
                line.integer("h"),
                line.integer("w"),
                line.integer("c"),
                kh,
                kw,
                line.integer("sh", kh),
                line.integer("sw", kw),
                ph,
                pw,
                line.integer("pb", ph),
                line.integer("pr", pw),
                line.flag("ceil"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("pool")
                .word(direction)
                .word(op)
                .flag("ceil", ceil)
                .put("n", n)
                .put("h", h)
                .put("w", w)
                .put("c", c)
                .put("kh", kh)
                .put("kw", kw)
                .put("sh", sh)
                .put("sw", sw)
                .put("ph", ph)
                .put("pw", pw)
                .put("pb", pb, ph)
                .put("pr", pr, pw)
                .toString();
    }
}
