package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.CopySpec;
import io.gatun.spec.Dims;
import io.gatun.spec.ReduceSpec;
import java.util.stream.IntStream;

/** NumPy's broadcasting: axes are matched from the last one; each pair must agree, or one of the two be 1 or missing. */
final class Broadcasts {
    private Broadcasts() {}

    /** The shape that both broadcast to, or null if they do not fit. */
    static Shape common(Shape a, Shape b) {
        int rank = Math.max(a.rank(), b.rank());
        int[] dims = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int one = i <= a.rank() ? a.dim(a.rank() - i) : 1;
            int two = i <= b.rank() ? b.dim(b.rank() - i) : 1;
            if (one != two && one != 1 && two != 1) {
                return null;
            }
            dims[rank - i] = one == 1 ? two : one;
        }
        return Shape.of(dims);
    }

    /**
     * A copy of {@code src} repeated to {@code shape}, as torch's expand.
     *
     * @throws IllegalArgumentException naming both shapes, if it does not fit
     */
    static Tensor expand(Tape tape, Tensor src, Shape shape) {
        Casts.requireFloating("expand", src);
        if (src.shape.equals(shape)) {
            return src;
        }
        if (!shape.equals(common(src.shape, shape))) {
            throw new IllegalArgumentException("expand: " + src.shape + " cannot become " + shape
                    + "; axes are matched from the last one, and only those of 1 repeat");
        }
        int rank = shape.rank();
        int missing = rank - src.shape.rank();
        Dims dense = CopySpec.dense(src.shape.dims());
        int[] strides = new int[rank];
        for (int i = missing; i < rank; i++) {
            strides[i] = src.shape.dim(i - missing) == 1 ? 0 : dense.get(i - missing);
        }
        int[] repeated = IntStream.range(0, rank)
                .filter(i -> i < missing || src.shape.dim(i - missing) != shape.dim(i))
                .toArray();
        Dims all = Dims.of(shape.dims());
        CopySpec spec = new CopySpec(false, all, Dims.of(strides), CopySpec.dense(shape.dims()));
        Tensor dst = tape.result(shape, src.type, "expand");
        tape.run(spec, src.type, src.memory(), dst.memory);
        return tape.record(new Op.Expand(new ReduceSpec(ReduceSpec.Op.SUM, all, Dims.of(repeated))), dst, src);
    }
}
