package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.Direction;
import io.gatun.spec.PoolSpec;
import java.lang.foreign.MemorySegment;

/**
 * Pooling of images [n, h, w, c] and sequences [n, l, c]. A maximum ignores padding, keeps NaN, and of equal values the first
 * has the gradient; a mean sends it to all alike.
 */
public final class Pools {
    private Pools() {}

    /**
     * A window of kh x kw that moves by sh and sw over an image padded by ph rows above and below and pw columns on each side.
     *
     * @param ceil whether a last window may stick out, if it begins inside the image or its left padding
     */
    public record Window(int kh, int kw, int sh, int sw, int ph, int pw, boolean ceil) {
        /** The same in both directions. */
        public static Window square(int kernel, int stride, int padding) {
            return new Window(kernel, kernel, stride, stride, padding, padding, false);
        }
    }

    /** The maximum of each window of images. */
    public static Tensor max2d(Tensor src, Window window) {
        Images.image("maxPool", src);
        return pool("maxPool", src, spec(PoolSpec.Op.MAX, src.shape, window), 2);
    }

    /** The mean of each window of images; padding counts as zeros, or not at all. */
    public static Tensor avg2d(Tensor src, Window window, boolean countIncludePad) {
        Images.image("avgPool", src);
        PoolSpec.Op op = countIncludePad ? PoolSpec.Op.AVG_PAD : PoolSpec.Op.AVG;
        return pool("avgPool", src, spec(op, src.shape, window), 2);
    }

    /** The maximum of each window of sequences; of the window's two directions that of columns counts. */
    public static Tensor max1d(Tensor src, Window window) {
        return pool("maxPool1d", src, spec(PoolSpec.Op.MAX, row("maxPool1d", src), along(window)), 1);
    }

    /** The mean of each window of sequences, as {@link #max1d}; padding counts as zeros, or not at all. */
    public static Tensor avg1d(Tensor src, Window window, boolean countIncludePad) {
        PoolSpec.Op op = countIncludePad ? PoolSpec.Op.AVG_PAD : PoolSpec.Op.AVG;
        return pool("avgPool1d", src, spec(op, row("avgPool1d", src), along(window)), 1);
    }

    /**
     * The means of oh x ow windows of images of any size: output row i is of rows floor(i h / oh) to ceil((i + 1) h / oh),
     * columns likewise (torch.nn.functional.adaptive_avg_pool2d).
     */
    public static Tensor adaptiveAvg2d(Tensor src, int oh, int ow) {
        Images.image("adaptiveAvgPool", src);
        return adaptive("adaptiveAvgPool", AdaptivePoolSpec.Op.AVG, src, src.shape, oh, ow, 2);
    }

    /** The maxima of the windows of {@link #adaptiveAvg2d}. */
    public static Tensor adaptiveMax2d(Tensor src, int oh, int ow) {
        Images.image("adaptiveMaxPool", src);
        return adaptive("adaptiveMaxPool", AdaptivePoolSpec.Op.MAX, src, src.shape, oh, ow, 2);
    }

    /** The means of {@code out} windows of sequences, as {@link #adaptiveAvg2d}. */
    public static Tensor adaptiveAvg1d(Tensor src, int out) {
        Shape row = row("adaptiveAvgPool1d", src);
        return adaptive("adaptiveAvgPool1d", AdaptivePoolSpec.Op.AVG, src, row, 1, out, 1);
    }

    /** The mean of each plane: [n, h, w, c] to [n, c]. */
    public static Tensor globalAvg(Tensor src) {
        Images.image("globalAvgPool", src);
        Shape s = src.shape;
        PoolSpec spec = PoolSpec.global(s.dim(0), s.dim(1), s.dim(2), s.dim(3));
        return pool("globalAvgPool", src, spec, 0);
    }

    /** The maximum of each plane: [n, h, w, c] to [n, c]. */
    public static Tensor globalMax(Tensor src) {
        Images.image("globalMaxPool", src);
        Shape s = src.shape;
        return pool("globalMaxPool", src, spec(PoolSpec.Op.MAX, s, whole(s.dim(1), s.dim(2))), 0);
    }

    private static Window whole(int h, int w) {
        return new Window(h, w, h, w, 0, 0, false);
    }

    private static Window along(Window window) {
        return new Window(1, window.kw, 1, window.sw, 0, window.pw, window.ceil);
    }

    private static Shape row(String op, Tensor src) {
        Casts.requireFloating(op, src);
        if (src.shape.rank() != 3) {
            throw new IllegalArgumentException(
                    op + ": src " + src.shape + " is no batch of sequences; give [n x l x c]");
        }
        return Shape.of(src.shape.dim(0), 1, src.shape.dim(1), src.shape.dim(2));
    }

    private static PoolSpec spec(PoolSpec.Op op, Shape s, Window window) {
        return new PoolSpec(
                Direction.FORWARD,
                op,
                s.dim(0),
                s.dim(1),
                s.dim(2),
                s.dim(3),
                window.kh,
                window.kw,
                window.sh,
                window.sw,
                window.ph,
                window.pw,
                window.ph,
                window.pw,
                window.ceil);
    }

    /** The result of a batch: images have two axes between n and c, sequences one, whole planes none. */
    private static Shape shape(int n, int oh, int ow, int c, int axes) {
        return switch (axes) {
            case 0 -> Shape.of(n, c);
            case 1 -> Shape.of(n, ow, c);
            default -> Shape.of(n, oh, ow, c);
        };
    }

    private static Tensor pool(String name, Tensor src, PoolSpec spec, int axes) {
        Tape tape = Tape.of(name, src);
        if (spec.oh() == 0 || spec.ow() == 0) {
            throw new IllegalArgumentException(name + ": a window of " + spec.kh() + "x" + spec.kw()
                    + " does not fit the padded src " + (spec.h() + spec.ph() + spec.pb()) + "x"
                    + (spec.w() + spec.pw() + spec.pr()) + " of " + src.shape
                    + "; choose a smaller window, more padding or ceil");
        }
        Tensor dst = tape.result(shape(spec.n(), spec.oh(), spec.ow(), spec.c(), axes), src.type, name);
        MemorySegment indices = null;
        if (spec.op() == PoolSpec.Op.MAX) {
            indices = tape.allocate(4 * dst.shape.elements(), name + " indices");
            tape.run(spec, src.type, src.memory(), dst.memory, indices);
        } else {
            tape.run(spec, src.type, src.memory(), dst.memory);
        }
        return tape.record(new Op.Pool(spec, indices), dst, src);
    }

    /** A plain pool where all windows have one size. */
    private static Tensor adaptive(String name, AdaptivePoolSpec.Op op, Tensor src, Shape s, int oh, int ow, int axes) {
        boolean max = op == AdaptivePoolSpec.Op.MAX;
        int h = s.dim(1);
        int w = s.dim(2);
        if (oh > 0 && ow > 0 && h > 0 && w > 0 && h % oh == 0 && w % ow == 0) {
            Window window = whole(h / oh, w / ow);
            return pool(name, src, spec(max ? PoolSpec.Op.MAX : PoolSpec.Op.AVG, s, window), axes);
        }
        AdaptivePoolSpec spec = new AdaptivePoolSpec(Direction.FORWARD, op, s.dim(0), h, w, s.dim(3), oh, ow);
        Tape tape = Tape.of(name, src);
        Tensor dst = tape.result(shape(s.dim(0), oh, ow, s.dim(3), axes), src.type, name);
        MemorySegment indices = null;
        if (max) {
            indices = tape.allocate(4 * dst.shape.elements(), name + " indices");
            tape.run(spec, src.type, src.memory(), dst.memory, indices);
        } else {
            tape.run(spec, src.type, src.memory(), dst.memory);
        }
        return tape.record(new Op.AdaptivePool(spec, indices), dst, src);
    }
}
