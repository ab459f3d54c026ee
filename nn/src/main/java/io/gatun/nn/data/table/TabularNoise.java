package io.gatun.nn.data.table;

import io.gatun.nn.data.Datasets;
import io.gatun.nn.data.SplitMix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Augmentation of training rows, never of evaluation data. Drawn from (seed, epoch, row) alone, or from what a loader
 * draws from the same, so a resumed run sees the same rows.
 *
 * @param jitter the standard deviation of the noise for each column, in the column's unit; 0 for none
 * @param swap for each column the chance that a value is replaced by that of another random row, in [0, 1]: the noise
 *     for categories, which keeps their frequencies
 * @param seed of all epochs of {@link #apply}
 */
public record TabularNoise(double[] jitter, double[] swap, long seed) {

    /** @throws IllegalArgumentException when the lengths differ or a number is outside its range */
    public TabularNoise {
        jitter = jitter.clone();
        swap = swap.clone();
        if (jitter.length != swap.length) {
            throw new IllegalArgumentException("tabular noise of " + jitter.length + " deviations and " + swap.length
                    + " chances: as many of both");
        }
        for (int c = 0; c < jitter.length; c++) {
            if (!(jitter[c] >= 0 && jitter[c] < Double.MAX_VALUE) || !(swap[c] >= 0 && swap[c] <= 1)) {
                throw new IllegalArgumentException("tabular noise of column " + c + ": deviation " + jitter[c]
                        + " must be at least 0 and chance " + swap[c] + " in [0, 1]");
            }
        }
    }

    /** Gaussian noise of {@code share} of each column's standard deviation in the training set. */
    public static TabularNoise gaussian(Matrix train, double share, long seed) {
        double[] jitter = new double[train.columns()];
        for (int c = 0; c < jitter.length; c++) {
            double[] values = ColumnStatistics.present(train, c);
            jitter[c] = share * ColumnStatistics.deviation(values, ColumnStatistics.mean(values));
        }
        return new TabularNoise(jitter, new double[jitter.length], seed);
    }

    /**
     * The noise as a step of a training set: {@code Datasets.map(set, "features", field, noise.mapping(train))}. An
     * evaluation gets the rows as they are.
     *
     * @param train where swapped values come from
     */
    public Datasets.Mapping mapping(Matrix train) {
        ColumnStatistics.checkColumns("tabular noise", jitter.length, train);
        return (from, to, random) -> {
            MemorySegment.copy(from, 0, to, 0, 4L * jitter.length);
            if (random != null) {
                disturb(to, train, random);
            }
        };
    }

    /** A noisy copy of all rows; swapped values come from {@code train} itself. */
    public Matrix apply(Matrix train, long epoch) {
        ColumnStatistics.checkColumns("tabular noise", jitter.length, train);
        float[] out = train.values().clone();
        for (int r = 0; r < train.rows(); r++) {
            MemorySegment row = MemorySegment.ofArray(out).asSlice(4L * r * jitter.length, 4L * jitter.length);
            disturb(row, train, SplitMix.of(seed, epoch, r));
        }
        return new Matrix(train.rows(), train.columns(), out);
    }

    private void disturb(MemorySegment row, Matrix train, SplitMix random) {
        for (int c = 0; c < jitter.length; c++) {
            float value = row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * c);
            if (swap[c] > 0 && random.unit() < swap[c]) {
                value = train.get(random.below(train.rows()), c);
            }
            if (jitter[c] > 0) {
                value = (float) (value + jitter[c] * gaussian(random));
            }
            row.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * c, value);
        }
    }

    /** Box and Muller (1958), by StrictMath so that the bits are the same everywhere. */
    private static double gaussian(SplitMix random) {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.unit()));
        return radius * StrictMath.cos(2 * StrictMath.PI * random.unit());
    }

    @Override
    public double[] jitter() {
        return jitter.clone();
    }

    @Override
    public double[] swap() {
        return swap.clone();
    }
}
