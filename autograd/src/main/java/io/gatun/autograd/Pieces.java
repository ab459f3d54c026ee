package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.CopySpec;
import io.gatun.spec.Dims;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cutting tensors along an axis and joining them: each a copy of blocks, or a view where the piece lies together (along
 * the first axis, or behind axes of one). Axes may be counted from the end: -1 is the last. Tensors of 32-bit whole
 * numbers are cut and joined as well, without gradients.
 */
public final class Pieces {
    private Pieces() {}

    /**
     * {@code length} entries of an axis from {@code start} on, as torch.narrow: [.., n, ..] to [.., length, ..].
     *
     * @throws IllegalArgumentException if the axis has no such entries
     */
    public static Tensor narrow(Tensor src, int axis, int start, int length) {
        int at = axis("narrow", src, axis);
        int n = src.shape.dim(at);
        if (start < 0 || length < 0 || start > n - length) {
            throw new IllegalArgumentException("narrow: axis " + at + " of " + src.shape + " has no entries " + start
                    + " to " + (start + (long) length - 1) + "; it has 0 to " + (n - 1));
        }
        return cut("narrow", src, at, start, length, with(src.shape, at, length));
    }

    /**
     * {@code count} entries of a parameter's first axis from {@code start} on, on the tape of {@code on}: what {@link
     * #narrow} would give, if a parameter were on a tape.
     */
    public static Tensor rows(Tensor on, Parameter parameter, int start, int count) {
        int n = parameter.shape.dim(0);
        if (start < 0 || count < 0 || start > n - count) {
            throw new IllegalArgumentException("rows: " + parameter + " has no rows " + start + " to "
                    + (start + (long) count - 1) + "; it has 0 to " + (n - 1));
        }
        return cut(Tape.of("rows", on), "rows", parameter, 0, start, count, with(parameter.shape, 0, count));
    }

    /** One entry of an axis, which vanishes, as torch.select; {@code index} may count from the end. */
    public static Tensor select(Tensor src, int axis, int index) {
        int at = axis("select", src, axis);
        int n = src.shape.dim(at);
        int start = index < 0 ? index + n : index;
        if (start < 0 || start >= n) {
            throw new IllegalArgumentException("select: axis " + at + " of " + src.shape + " has no entry " + index
                    + "; give one from " + -n + " to " + (n - 1));
        }
        return cut("select", src, at, start, 1, without(src.shape, at));
    }

    /** The block of {@code src} under the given shape: a view where nothing lies between its parts. */
    private static Tensor cut(String name, Tensor src, int axis, int start, int length, Shape shape) {
        return cut(Tape.of(name, src), name, src, axis, start, length, shape);
    }

    private static Tensor cut(Tape tape, String name, Tensor src, int axis, int start, int length, Shape shape) {
        long inner = elements(src.shape, axis + 1, src.shape.rank());
        // Of no elements there is no address behind the first.
        long offset = src.shape.elements() == 0 ? 0 : start * inner * src.type.bytes();
        int[] block = with(src.shape, axis, length).dims();
        CopySpec spec = new CopySpec(false, Dims.of(block), CopySpec.dense(src.shape.dims()), CopySpec.dense(block));
        Op op = new Op.Cut(name, spec, offset);
        if (elements(src.shape, 0, axis) == 1) {
            MemorySegment part = src.memory().asSlice(offset, shape.elements() * src.type.bytes());
            return tape.record(op, Views.share(tape, src, shape, part), src);
        }
        Tensor dst = result(tape, src.type, shape, name);
        tape.run(spec, storage(src.type), src.memory().asSlice(offset), dst.memory);
        return tape.record(op, dst, src);
    }

    /**
     * Tensors one after the other along an axis, as torch.cat; all other axes must agree. Where floats meet 16 bits, the
     * result is float.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Tensor concat(int axis, Tensor... given) {
        Tensor[] pieces = together("concat", given);
        Tensor first = first("concat", pieces);
        int at = axis("concat", first, axis);
        long total = 0;
        for (Tensor piece : pieces) {
            if (piece.shape.rank() != first.shape.rank()
                    || piece.type != first.type
                    || !with(piece.shape, at, 0).equals(with(first.shape, at, 0))) {
                throw new IllegalArgumentException("concat: " + first + " and " + piece + " do not fit along axis " + at
                        + "; all other axes and the type must agree");
            }
            total += piece.shape.dim(at);
        }
        return joined(given, pieces, join("concat", with(first.shape, at, Math.toIntExact(total)), at, pieces));
    }

    /** Tensors of one shape along a new axis, as torch.stack: k of [a, b] at axis 1 give [a, k, b]. */
    public static Tensor stack(int axis, Tensor... given) {
        Tensor[] pieces = together("stack", given);
        Tensor first = first("stack", pieces);
        int rank = first.shape.rank() + 1;
        int at = axis < 0 ? axis + rank : axis;
        if (at < 0 || at >= rank) {
            throw new IllegalArgumentException("stack: pieces of " + first.shape + " have no place for an axis " + axis
                    + "; give one below " + rank);
        }
        for (Tensor piece : pieces) {
            if (!piece.shape.equals(first.shape) || piece.type != first.type) {
                throw new IllegalArgumentException(
                        "stack: " + first + " and " + piece + " differ; all must have one shape and type");
            }
        }
        int[] dims = new int[rank];
        for (int i = 0; i < rank; i++) {
            dims[i] = i == at ? pieces.length : first.shape.dim(i < at ? i : i - 1);
        }
        return joined(given, pieces, join("stack", Shape.of(dims), at, pieces));
    }

    private static Tensor[] together(String name, Tensor... pieces) {
        return pieces.length == 0 ? pieces : Casts.together(Tape.of(name, pieces), name, pieces);
    }

    private static Tensor joined(Tensor[] given, Tensor[] cast, Tensor dst) {
        for (int i = 0; i < given.length; i++) {
            Casts.release(cast[i], given[i]);
        }
        return dst;
    }

    /** Each piece fills {@code all} along the axis as far as its number of elements says. */
    private static Tensor join(String name, Shape all, int axis, Tensor... pieces) {
        Tape tape = Tape.of(name, pieces);
        Tensor dst = result(tape, pieces[0].type, all, name);
        long others = elements(all, 0, axis) * elements(all, axis + 1, all.rank());
        CopySpec[] specs = new CopySpec[pieces.length];
        long[] offsets = new long[pieces.length];
        int start = 0;
        for (int i = 0; i < pieces.length; i++) {
            int length = others == 0 ? 0 : Math.toIntExact(pieces[i].shape.elements() / others);
            int[] from = new int[all.rank()];
            from[axis] = start;
            place(all, with(all, axis, length), from, i, dst.type, specs, offsets);
            tape.run(specs[i], storage(dst.type), pieces[i].memory(), dst.memory.asSlice(offsets[i]));
            start += length;
        }
        return tape.record(new Op.Join(name, specs, offsets), dst, pieces);
    }

    private static void place(Shape all, Shape block, int[] from, int i, DType type, CopySpec[] specs, long[] offsets) {
        Dims strides = CopySpec.dense(all.dims());
        specs[i] = new CopySpec(false, Dims.of(block.dims()), CopySpec.dense(block.dims()), strides);
        for (int axis = 0; axis < from.length && block.elements() > 0; axis++) {
            offsets[i] += (long) type.bytes() * from[axis] * strides.get(axis);
        }
    }

    /** Consecutive pieces of the given lengths along an axis, which must be as long as all of them. */
    public static List<Tensor> split(Tensor src, int axis, int... lengths) {
        int at = axis("split", src, axis);
        if (Arrays.stream(lengths).asLongStream().sum() != src.shape.dim(at)) {
            throw new IllegalArgumentException("split: lengths " + Arrays.toString(lengths) + " do not add up to axis "
                    + at + " of " + src.shape + "; they must use all of it");
        }
        List<Tensor> pieces = new ArrayList<>(lengths.length);
        int start = 0;
        for (int length : lengths) {
            pieces.add(narrow(src, at, start, length));
            start += length;
        }
        return List.copyOf(pieces);
    }

    /**
     * As torch.chunk: pieces of n / count entries rounded up, the last one shorter where n is no multiple; possibly fewer
     * than {@code count}.
     */
    public static List<Tensor> chunk(Tensor src, int axis, int count) {
        int at = axis("chunk", src, axis);
        if (count < 1) {
            throw new IllegalArgumentException(
                    "chunk: cannot cut " + src.shape + " into " + count + "; give 1 or more");
        }
        int n = src.shape.dim(at);
        int length = Math.max(1, Math.ceilDiv(n, count));
        int[] lengths = new int[Math.max(1, Math.ceilDiv(n, length))];
        Arrays.setAll(lengths, i -> Math.min(length, n - i * length));
        return split(src, at, lengths);
    }

    /**
     * {@code before} and {@code after} entries of {@code value} around an axis.
     *
     * @throws IllegalArgumentException if one of them is negative
     */
    public static Tensor pad(Tensor src, int axis, int before, int after, float value) {
        int at = axis("pad", src, axis);
        Casts.requireFloating("pad", src);
        if (before < 0 || after < 0) {
            throw new IllegalArgumentException("pad: " + before + " and " + after + " entries around axis " + at
                    + " of " + src.shape + "; give 0 or more, and narrow() to cut");
        }
        Tape tape = Tape.of("pad", src);
        int[] dims = src.shape.dims();
        dims[at] = Math.addExact(dims[at], Math.addExact(before, after));
        Shape all = Shape.of(dims);
        if (value != 0 && src.type != DType.F32) {
            Tensor floats = Casts.floats("pad", src);
            Tensor padded = pad(floats, at, before, after, value);
            floats.release();
            Tensor dst = Casts.to(padded, src.type);
            padded.release();
            return dst;
        }
        Tensor dst = tape.result(all, src.type, "pad");
        tape.fill(dst.memory, value);
        CopySpec[] specs = new CopySpec[1];
        long[] offsets = new long[1];
        int[] from = new int[all.rank()];
        from[at] = before;
        place(all, src.shape, from, 0, src.type, specs, offsets);
        tape.run(specs[0], src.type, src.memory(), dst.memory.asSlice(offsets[0]));
        return tape.record(new Op.Join("pad", specs, offsets), dst, src);
    }

    private static Tensor first(String name, Tensor[] pieces) {
        if (pieces.length == 0) {
            throw new IllegalArgumentException(name + ": nothing to join; give at least one tensor");
        }
        return pieces[0];
    }

    /** A result of a type that can be copied in blocks. */
    private static Tensor result(Tape tape, DType type, Shape shape, String name) {
        if (type.bytes() != 4 && !type.floating()) {
            throw new IllegalArgumentException(name + ": tensors of " + type.word() + " cannot be cut or joined");
        }
        return tape.result(shape, type, name);
    }

    /** As what a copy moves elements: those of four bytes as floats, bit by bit. */
    private static DType storage(DType type) {
        return type.floating() ? type : DType.F32;
    }

    /** The axis, counted from 0. */
    static int axis(String name, Tensor src, int axis) {
        int rank = src.shape.rank();
        int at = axis < 0 ? axis + rank : axis;
        if (at < 0 || at >= rank) {
            throw new IllegalArgumentException(name + ": " + src.shape + " has no axis " + axis + "; give one from "
                    + -rank + " to " + (rank - 1));
        }
        return at;
    }

    static Shape with(Shape shape, int axis, int length) {
        int[] dims = shape.dims();
        dims[axis] = length;
        return Shape.of(dims);
    }

    static Shape without(Shape shape, int axis) {
        int[] dims = new int[shape.rank() - 1];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = shape.dim(i < axis ? i : i + 1);
        }
        return Shape.of(dims);
    }

    static long elements(Shape shape, int from, int to) {
        long product = 1;
        for (int i = from; i < to; i++) {
            product *= shape.dim(i);
        }
        return product;
    }
}
