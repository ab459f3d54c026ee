package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.Dims;
import io.gatun.spec.PermuteSpec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Other shapes of the same numbers: views, which share memory, and permuted copies. */
public final class Views {
    private Views() {}

    /**
     * The same numbers under another shape, without a copy; one dimension may be -1 and is then what is left.
     *
     * @throws IllegalArgumentException if the numbers do not fill the new shape
     */
    public static Tensor reshape(Tensor src, int... dims) {
        int[] filled = dims.clone();
        long known = 1;
        int open = -1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == -1 && open < 0) {
                open = i;
            } else {
                known *= dims[i];
            }
        }
        if (open >= 0 && known > 0) {
            filled[open] = Math.toIntExact(src.shape.elements() / known);
        }
        if ((open >= 0 && known <= 0) || Shape.of(filled).elements() != src.shape.elements()) {
            throw new IllegalArgumentException("reshape: " + src.shape + " has " + src.shape.elements()
                    + " elements and cannot become " + Arrays.toString(dims) + "; the products must agree");
        }
        return view(src, Shape.of(filled));
    }

    /** Axes from {@code first} on, which may count from the end, become one: [n, h, w, c] from 1 on is [n, h·w·c]. */
    public static Tensor flatten(Tensor src, int first) {
        int from = Pieces.axis("flatten", src, first);
        int[] dims = Arrays.copyOf(src.shape.dims(), from + 1);
        long rest = 1;
        for (int i = from; i < src.shape.rank(); i++) {
            rest *= src.shape.dim(i);
        }
        dims[from] = Math.toIntExact(rest);
        return view(src, Shape.of(dims));
    }

    /** [a, b] with an axis of 1 before axis {@code axis}, or behind all: [a, 1, b] for 1 and for -2. */
    public static Tensor unsqueeze(Tensor src, int axis) {
        int rank = src.shape.rank() + 1;
        int at = axis < 0 ? axis + rank : axis;
        if (at < 0 || at >= rank) {
            throw new IllegalArgumentException("unsqueeze: " + src.shape + " has no place for an axis " + axis
                    + "; give one from " + -rank + " to " + (rank - 1));
        }
        int[] dims = new int[rank];
        Arrays.setAll(dims, i -> i == at ? 1 : src.shape.dim(i < at ? i : i - 1));
        return view(src, Shape.of(dims));
    }

    /** Without an axis of 1; src itself where the axis is longer. */
    public static Tensor squeeze(Tensor src, int axis) {
        int at = Pieces.axis("squeeze", src, axis);
        return src.shape.dim(at) == 1 ? view(src, Pieces.without(src.shape, at)) : src;
    }

    private static Tensor view(Tensor src, Shape shape) {
        Tape tape = Tape.of("reshape", src);
        return tape.record(new Op.View(), share(tape, src, shape), src);
    }

    static Tensor share(Tape tape, Tensor src, Shape shape) {
        return share(tape, src, shape, src.memory());
    }

    /** The given part of the memory of {@code src} as a tensor. */
    static Tensor share(Tape tape, Tensor src, Shape shape, MemorySegment part) {
        return new Tensor(tape, shape, src.type, part, src.label(), src.base == null ? src : src.base);
    }

    /** The same values without their history: no gradient flows through it. */
    public static Tensor detach(Tensor src) {
        return share(Tape.of("detach", src), src, src.shape);
    }

    /** A copy whose axis i is axis {@code axes[i]} of src; negative ones count from the end. */
    public static Tensor permute(Tensor src, int... axes) {
        Tape tape = Tape.of("permute", src);
        if (axes.length != src.shape.rank()) {
            throw new IllegalArgumentException("permute: " + src.shape + " has " + src.shape.rank() + " axes, not "
                    + Arrays.toString(axes) + "; name each once");
        }
        Casts.requireFloating("permute", src);
        int[] order = Arrays.stream(axes)
                .map(axis -> Pieces.axis("permute", src, axis))
                .toArray();
        PermuteSpec spec = new PermuteSpec(Dims.of(src.shape.dims()), Dims.of(order));
        Tensor dst =
                tape.result(Shape.of(Arrays.stream(order).map(src.shape::dim).toArray()), src.type, "permute");
        tape.run(spec, src.type, src.memory(), dst.memory);
        return tape.record(new Op.Permute(spec), dst, src);
    }

    /** A copy with two axes exchanged; negative axes count from the end. */
    public static Tensor transpose(Tensor src, int first, int second) {
        int rank = src.shape.rank();
        int one = first < 0 ? first + rank : first;
        int two = second < 0 ? second + rank : second;
        if (one < 0 || two < 0 || one >= rank || two >= rank) {
            throw new IllegalArgumentException("transpose: " + src.shape + " has no axes " + first + " and " + second
                    + "; give two below " + rank);
        }
        int[] axes = new int[rank];
        Arrays.setAll(axes, i -> i == one ? two : i == two ? one : i);
        return permute(src, axes);
    }

    /** The shape without its last {@code dropped} axes. */
    static Shape leading(Shape shape, int dropped) {
        return Shape.of(Arrays.copyOf(shape.dims(), shape.rank() - dropped));
    }

    /** The shape with another last dimension. */
    static Shape withLast(Shape shape, int last) {
        int[] dims = shape.dims();
        dims[dims.length - 1] = last;
        return Shape.of(dims);
    }

    static void require(String op, Tensor tensor, DType type) {
        if (tensor.type != type) {
            throw new IllegalArgumentException(
                    op + ": " + tensor + " is " + tensor.type.word() + ", must be " + type.word());
        }
    }
}
