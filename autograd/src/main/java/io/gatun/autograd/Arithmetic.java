package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.BinarySpec.Broadcast;
import io.gatun.spec.Dims;
import io.gatun.spec.ReduceSpec;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Sums, products and reductions. Operands of binary operations broadcast as NumPy's: axes are matched from the last one,
 * and those of 1, or missing in front, repeat. The kernels repeat a second operand themselves that is the trailing axes of
 * the first (a bias [c] on [n, c]), its leading axes with ones behind ([n, 1] on [n, c]), or one number; anything else is
 * repeated in memory first ([b, 1, t, t] on [b, h, t, t]).
 */
public final class Arithmetic {
    private Arithmetic() {}

    /** a + b; the smaller may stand on either side. */
    public static Tensor add(Tensor a, Tensor b) {
        return a.shape.elements() < b.shape.elements()
                ? binary(BinarySpec.Op.ADD, b, a)
                : binary(BinarySpec.Op.ADD, a, b);
    }

    /** a - b. */
    public static Tensor sub(Tensor a, Tensor b) {
        return binary(BinarySpec.Op.SUB, a, b);
    }

    /** a · b by element; the smaller may stand on either side. */
    public static Tensor mul(Tensor a, Tensor b) {
        return a.shape.elements() < b.shape.elements()
                ? binary(BinarySpec.Op.MUL, b, a)
                : binary(BinarySpec.Op.MUL, a, b);
    }

    /** a / b by element. */
    public static Tensor div(Tensor a, Tensor b) {
        return binary(BinarySpec.Op.DIV, a, b);
    }

    /** The larger of each pair, NaN if one of them is; of equal ones each gets half the gradient, as torch.maximum. */
    public static Tensor maximum(Tensor a, Tensor b) {
        return a.shape.elements() < b.shape.elements()
                ? binary(BinarySpec.Op.MAX, b, a)
                : binary(BinarySpec.Op.MAX, a, b);
    }

    /** The smaller of each pair, as {@link #maximum}. */
    public static Tensor minimum(Tensor a, Tensor b) {
        return a.shape.elements() < b.shape.elements()
                ? binary(BinarySpec.Op.MIN, b, a)
                : binary(BinarySpec.Op.MIN, a, b);
    }

    private static Tensor binary(BinarySpec.Op op, Tensor a, Tensor b) {
        return binary(Tape.of(op.name().toLowerCase(Locale.ROOT), a, b), op, a, b);
    }

    /** As the public operations, for two parameters, which are on no tape. */
    static Tensor binary(Tape tape, BinarySpec.Op op, Tensor a, Tensor b) {
        String name = op.name().toLowerCase(Locale.ROOT);
        DType type = Casts.common(name, a, b);
        if (a.type != type || b.type != type) {
            Tensor one = Casts.to(tape, name, a, type);
            Tensor two = Casts.to(tape, name, b, type);
            Tensor result = binary(tape, op, one, two);
            Casts.release(one, a);
            Casts.release(two, b);
            return result;
        }
        Shape common = Broadcasts.common(a.shape, b.shape);
        if (common == null) {
            throw new IllegalArgumentException(
                    name + ": " + a.shape + " and " + b.shape + " do not fit; axes are matched from the"
                            + " last one, and each pair must agree or one of the two be 1");
        }
        // A first operand of all elements is what the kernel takes; of second ones it repeats the frequent kinds
        // itself.
        Tensor first = common.elements() == a.shape.elements() ? a : Broadcasts.expand(tape, a, common);
        BinarySpec kind = broadcast(op, first.shape, b.shape);
        Tensor second = kind == null ? Broadcasts.expand(tape, b, common) : b;
        BinarySpec spec = kind == null ? BinarySpec.of(op, common.elements()) : kind;
        Tensor dst = tape.result(common, type, name);
        tape.run(spec, type, first.memory(), second.memory(), dst.memory);
        Tensor result = tape.record(new Op.Binary(spec), dst, first, second);
        Casts.release(first, a);
        Casts.release(second, b);
        return result;
    }

    /** How the kernel repeats b itself, null where it does not. */
    private static BinarySpec broadcast(BinarySpec.Op op, Shape a, Shape b) {
        long all = a.elements();
        if (a.equals(b)) {
            return BinarySpec.of(op, all);
        }
        long small = b.elements();
        if (small == 1) {
            return new BinarySpec(op, Broadcast.SCALAR, 1, all);
        }
        int[] full = a.dims();
        int[] dims = b.dims();
        int from = (int) Arrays.stream(dims).takeWhile(d -> d == 1).count();
        int[] row = Arrays.copyOfRange(dims, from, dims.length);
        if (row.length <= full.length
                && Arrays.equals(row, Arrays.copyOfRange(full, full.length - row.length, full.length))) {
            return new BinarySpec(op, Broadcast.ROW, small == 0 ? 0 : all / small, small);
        }
        int to = dims.length;
        while (to > 0 && dims[to - 1] == 1) {
            to--;
        }
        if (dims.length == full.length && Arrays.equals(Arrays.copyOf(dims, to), Arrays.copyOf(full, to))) {
            return new BinarySpec(op, Broadcast.COLUMN, small, small == 0 ? 0 : all / small);
        }
        return null;
    }

    /**
     * factor · src.
     *
     * @throws IllegalArgumentException if the factor is not finite
     */
    public static Tensor scale(Tensor src, float factor) {
        if (!Float.isFinite(factor)) {
            throw new IllegalArgumentException("scale: factor " + factor + " of " + src
                    + " is not finite; multiply by a tensor that holds it if it is meant");
        }
        Tape tape = Tape.of("scale", src);
        Casts.requireFloating("scale", src);
        Tensor dst = tape.result(src.shape, src.type, "scale");
        tape.run(new AxpbySpec(src.shape.elements(), factor, 0), src.type, src.memory(), dst.memory);
        return tape.record(new Op.Scale(factor), dst, src);
    }

    /** The sum over the given axes, which vanish from the shape; over all if none is given. */
    public static Tensor sum(Tensor src, int... axes) {
        return reduce(ReduceSpec.Op.SUM, "sum", src, axes);
    }

    /** The mean over the given axes, which vanish from the shape; over all if none is given. */
    public static Tensor mean(Tensor src, int... axes) {
        return reduce(ReduceSpec.Op.MEAN, "mean", src, axes);
    }

    /** The sum of squares over the given axes, which vanish from the shape; over all if none is given. */
    public static Tensor sumOfSquares(Tensor src, int... axes) {
        return reduce(ReduceSpec.Op.SUM_SQUARES, "sumOfSquares", src, axes);
    }

    private static Tensor reduce(ReduceSpec.Op op, String name, Tensor src, int... axes) {
        Tape tape = Tape.of(name, src);
        int rank = src.shape.rank();
        int[] reduced = axes.length == 0
                ? IntStream.range(0, rank).toArray()
                : Arrays.stream(axes)
                        .map(axis -> axis < 0 ? axis + rank : axis)
                        .sorted()
                        .distinct()
                        .toArray();
        if (reduced.length > 0 && (reduced[0] < 0 || reduced[reduced.length - 1] >= rank)) {
            throw new IllegalArgumentException(
                    name + ": " + src.shape + " has no axes " + Arrays.toString(axes) + "; give axes below " + rank);
        }
        ReduceSpec spec = new ReduceSpec(op, Dims.of(src.shape.dims()), Dims.of(reduced));
        int[] kept = IntStream.range(0, rank)
                .filter(i -> Arrays.binarySearch(reduced, i) < 0)
                .map(src.shape::dim)
                .toArray();
        Tensor from = Casts.floats(name, src);
        Tensor dst = tape.result(Shape.of(kept), name);
        tape.run(spec, from.memory(), dst.memory);
        tape.record(new Op.Reduce(spec), dst, from);
        Casts.release(from, src);
        return dst;
    }
}
