package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.spec.ExtremeSpec;

/**
 * The largest and smallest entries along an axis and where they lie. NaN counts as the most extreme, so that it shows; of
 * equal entries the first is meant.
 */
public final class Extremes {
    private Extremes() {}

    /** The largest entry along an axis, which vanishes; the whole gradient goes to the first of them. */
    public static Tensor max(Tensor src, int axis) {
        return extreme("max", src, axis, true);
    }

    /** The smallest entry along an axis, which vanishes; the whole gradient goes to the first of them. */
    public static Tensor min(Tensor src, int axis) {
        return extreme("min", src, axis, false);
    }

    /** Where the first of the largest entries lies along an axis, which vanishes: 32-bit whole numbers. */
    public static Tensor argmax(Tensor src, int axis) {
        return places("argmax", src, Pieces.axis("argmax", src, axis), true, false);
    }

    /** Where the first of the smallest entries lies. */
    public static Tensor argmin(Tensor src, int axis) {
        return places("argmin", src, Pieces.axis("argmin", src, axis), false, false);
    }

    private static Tensor extreme(String name, Tensor src, int axis, boolean largest) {
        int at = Pieces.axis(name, src, axis);
        Tensor from = Casts.floats(name, src);
        Tensor places = places(name, from, at, largest, true);
        Tensor result = Lookups.at(name, from, src.shape.elements(), places, Pieces.without(src.shape, at));
        places.release();
        Casts.release(from, src);
        return result;
    }

    /** Indices along the axis, or places in all of src. */
    private static Tensor places(String name, Tensor src, int axis, boolean largest, boolean inAll) {
        Tape tape = Tape.of(name, src);
        int n = src.shape.dim(axis);
        if (src.shape.elements() == 0) {
            throw new IllegalArgumentException(name + ": " + src.shape + " has no entries to compare");
        }
        int inner = Math.toIntExact(Pieces.elements(src.shape, axis + 1, src.shape.rank()));
        Tensor places = tape.result(Pieces.without(src.shape, axis), DType.I32, name);
        long outer = src.shape.elements() / ((long) n * inner);
        ExtremeSpec.Op op = largest ? ExtremeSpec.Op.MAX : ExtremeSpec.Op.MIN;
        Tensor from = Casts.floats(name, src);
        tape.run(new ExtremeSpec(op, inAll, outer, n, inner), from.memory(), places.memory);
        Casts.release(from, src);
        return places;
    }
}
