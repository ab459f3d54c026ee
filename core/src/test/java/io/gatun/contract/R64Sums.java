package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import java.util.Arrays;

/**
 * Gradients through time. Beside each number the magnitude that its error is a share of: that of its own terms, whatever
 * cancels in them (1 - i counts as 1 + i), and, through the same derivatives as the number itself, that of the steps
 * behind it.
 */
final class R64Sums {
    final double[] value;
    final double[] size;

    R64Sums(int count) {
        value = new double[count];
        size = new double[count];
    }

    R64Sums(double[] value) {
        this.value = value.clone();
        this.size = Arrays.stream(value).map(Expected::size).toArray();
    }

    void add(int at, double term, double termSize) {
        value[at] += term;
        size[at] += Double.isFinite(termSize) ? termSize : 0;
    }

    void set(int at, double sum, double sumSize) {
        value[at] = sum;
        size[at] = Double.isFinite(sumSize) ? sumSize : 0;
    }

    /** 4 ceil(log2(terms)) eps, of the sum that a gate is, for each of t steps. */
    static double step(int inputs, int hidden, int t) {
        double terms = Math.max(2, (double) (inputs + hidden) * t);
        return 4 * Math.ceil(Math.log(terms) / Math.log(2)) * 2 * Expected.U;
    }

    /**
     * Twice what forward may be off, as a share of the magnitude; a factor of a term that underflows loses its digits. In 16-bit
     * storage each step rounds the gradients of the gates besides, the first of which is all of one term, and those of steps before
     * come on top of each other at random.
     *
     * @param gates of one row and step: the terms that underflow
     */
    Expected gradient(double step, int t, int b, int gates, DType storage) {
        double underflow = storage == DType.F16 ? 0x1p-24 * t * b * gates : 0x1p-130 * t * b;
        double share = 2 * step + 2 * flips(storage);
        return Expected.of(value, i -> t == 0 ? 0 : share * size[i] + underflow).reaching(i -> size[i]);
    }

    /** Whether one of these is so large that the storage may make infinity of it. */
    boolean beyond(DType storage) {
        return storage != DType.F32
                && Arrays.stream(size).anyMatch(all -> Double.isInfinite(stored(storage, 1.01 * all)));
    }

    /**
     * How far apart two states may be, as a share of 1, that were rounded to the storage from floats that differ a little: they may
     * be neighbours, and a step hands that on.
     */
    static double flips(DType storage) {
        return storage == DType.F32 ? 0 : storage == DType.BF16 ? 0x1p-7 : 0x1p-10;
    }

    /** As the storage holds it; in float itself, for the tolerance has that rounding in it. */
    static double stored(DType storage, double value) {
        return storage == DType.F32 ? value : HalfFloats.widen(storage, HalfFloats.narrow(storage, (float) value));
    }
}
