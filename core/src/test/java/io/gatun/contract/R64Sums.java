package io.gatun.contract;

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

    /** Twice what forward may be off, as a share of the magnitude; a factor of a term that underflows loses its digits. */
    Expected gradient(double step, int t, int b) {
        double underflow = 0x1p-130 * t * b;
        return Expected.of(value, i -> t == 0 ? 0 : 2 * step * size[i] + underflow)
                .reaching(i -> size[i]);
    }
}
