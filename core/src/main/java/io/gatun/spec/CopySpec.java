package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A block copied from one strided array into another, or added to it: dst[Σ iₐ·dstStrideₐ] = (or +=) src[Σ iₐ·srcStrideₐ]
 * for all indices i of the shape. One kernel cuts pieces out of tensors, joins them, and repeats them (a stride of 0 in
 * src). Where a block begins is said by the buffers, so blocks at other places share a plan.
 *
 * <p>Operands: src, dst (updated if it is added to or has gaps, which keep what they hold).
 *
 * @param srcStrides elements between neighbours along each axis, not negative
 * @param dstStrides likewise; no two elements may have the same place
 */
public record CopySpec(boolean add, Dims shape, Dims srcStrides, Dims dstStrides) implements Spec {
    public CopySpec {
        for (int axis = 0; axis < shape.size(); axis++) {
            Checks.notNegative("copy", "shape", shape.get(axis));
        }
        Checks.require(
                srcStrides.size() == shape.size() && dstStrides.size() == shape.size(),
                () -> "copy: shape " + shape.joined("x") + " needs as many strides as axes, not src=" + srcStrides
                        + " dst=" + dstStrides);
        for (int axis = 0; axis < shape.size(); axis++) {
            Checks.notNegative("copy", "src", srcStrides.get(axis));
            Checks.notNegative("copy", "dst", dstStrides.get(axis));
        }
        Checks.product("copy", shape.asLongs());
        Checks.require(
                apart(shape, dstStrides),
                () -> "copy: with strides dst=" + dstStrides + " elements of shape " + shape.joined("x")
                        + " share a place in dst");
    }

    /** Whether, axis by axis from the smallest stride on, each step clears all that lies within the axes before. */
    private static boolean apart(Dims shape, Dims strides) {
        if (shape.product() == 0) {
            return true;
        }
        int[] axes = IntStream.range(0, shape.size())
                .filter(axis -> shape.get(axis) > 1)
                .boxed()
                .sorted(Comparator.comparingInt(strides::get))
                .mapToInt(axis -> axis)
                .toArray();
        long reach = 0;
        for (int axis : axes) {
            if (strides.get(axis) <= reach) {
                return false;
            }
            reach += (shape.get(axis) - 1L) * strides.get(axis);
        }
        return true;
    }

    /** Elements from the first to behind the last that is touched. */
    private static long span(Dims shape, Dims strides) {
        if (shape.product() == 0) {
            return 0;
        }
        long span = 1;
        for (int axis = 0; axis < shape.size(); axis++) {
            span = Math.addExact(span, (shape.get(axis) - 1L) * strides.get(axis));
        }
        return span;
    }

    /** Strides of a dense array. */
    public static Dims dense(int... shape) {
        int[] strides = new int[shape.length];
        long step = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = Math.toIntExact(step);
            step *= Math.max(1, shape[axis]);
        }
        return Dims.of(strides);
    }

    /** The way back: from dst to src. */
    public CopySpec reversed(boolean adding) {
        return new CopySpec(adding, shape, dstStrides, srcStrides);
    }

    @Override
    public List<Operand> operands() {
        long to = span(shape, dstStrides);
        boolean whole = !add && to == shape.product();
        return List.of(
                Operand.read("src", DType.F32, span(shape, srcStrides)),
                whole ? Operand.write("dst", DType.F32, to) : Operand.update("dst", DType.F32, to));
    }

    /** What is copied; gaps are not touched. */
    @Override
    public double bytes() {
        boolean repeats = Arrays.stream(srcStrides.toArray()).anyMatch(stride -> stride == 0);
        double read = repeats ? Math.min(shape.product(), span(shape, srcStrides)) : shape.product();
        return 4 * (read + (add ? 2.0 : 1.0) * shape.product());
    }

    @Override
    public double flops() {
        return 0;
    }

    static CopySpec parse(SpecLine line) {
        return new CopySpec(
                line.flag("add"),
                Dims.of(line.integers("shape", "x")),
                Dims.of(line.integers("src", ",")),
                Dims.of(line.integers("dst", ",")));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("copy")
                .flag("add", add)
                .put("shape", shape.joined("x"))
                .put("src", srcStrides)
                .put("dst", dstStrides)
                .toString();
    }
}
