package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Max or average pooling of NHWC images to oh x ow pixels, whatever their size: output row i is of rows floor(i h / oh) to
 * ceil((i + 1) h / oh), columns likewise, so windows differ in size by one and may overlap. Max as in {@link PoolSpec}.
 *
 * <p>Operands max forward: src, dst, indices (i32, y·w + x in the image's plane). Max backward: diffDst, indices, diffSrc.
 * Average forward: src, dst. Average backward: diffDst, diffSrc.
 */
public record AdaptivePoolSpec(Direction direction, Op op, int n, int h, int w, int c, int oh, int ow) implements Spec {

    public enum Op {
        MAX,
        AVG
    }

    public AdaptivePoolSpec {
        Checks.notNegative("adaptivepool", "n", n);
        Checks.positive("adaptivepool", "h", h);
        Checks.positive("adaptivepool", "w", w);
        Checks.positive("adaptivepool", "c", c);
        Checks.positive("adaptivepool", "oh", oh);
        Checks.positive("adaptivepool", "ow", ow);
        Checks.require(
                (long) h * w <= Integer.MAX_VALUE,
                () -> "adaptivepool: a " + h + "x" + w + " plane is too large to index");
        Checks.product("adaptivepool", Math.max(1, n), h, w, c);
        Checks.product("adaptivepool", Math.max(1, n), oh, ow, c);
    }

    public AdaptivePoolSpec with(Direction newDirection) {
        return new AdaptivePoolSpec(newDirection, op, n, h, w, c, oh, ow);
    }

    /** The first of {@code size} elements that output {@code index} of {@code out} is of. */
    public static int from(int index, int size, int out) {
        return (int) ((long) index * size / out);
    }

    /** The element behind the last of them. */
    public static int to(int index, int size, int out) {
        return (int) Math.ceilDiv((index + 1L) * size, out);
    }

    @Override
    public List<Operand> operands() {
        long src = (long) n * h * w * c;
        long dst = (long) n * oh * ow * c;
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

    static AdaptivePoolSpec parse(SpecLine line) {
        return new AdaptivePoolSpec(
                line.word(Direction.class, Direction.FORWARD),
                line.word(Op.class, null),
                line.integer("n"),
                line.integer("h"),
                line.integer("w"),
                line.integer("c"),
                line.integer("oh"),
                line.integer("ow"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("adaptivepool")
                .word(direction)
                .word(op)
                .put("n", n)
                .put("h", h)
                .put("w", w)
                .put("c", c)
                .put("oh", oh)
                .put("ow", ow)
                .toString();
    }
}
