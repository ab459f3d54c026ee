package io.gatun.nn.data.sample;

import io.gatun.nn.data.table.Matrix;
import java.util.Arrays;

/**
 * A resampled training set.
 *
 * @param features rows kept, in their old order, then those made
 * @param labels class of each row
 * @param origin the row of the given matrix that each row is; -1 for one that was made
 */
public record Resampled(Matrix features, int[] labels, int[] origin) {

    static Resampled kept(Matrix x, int[] labels, boolean[] keep) {
        int[] rows = new int[keep.length];
        int count = 0;
        for (int i = 0; i < keep.length; i++) {
            if (keep[i]) {
                rows[count++] = i;
            }
        }
        int[] origin = Arrays.copyOf(rows, count);
        return new Resampled(x.select(origin), SubsetSampler.select(labels, origin), origin);
    }

    static void check(Matrix x, int[] labels) {
        if (x.rows() != labels.length) {
            throw new IllegalArgumentException("features " + x + " and " + labels.length + " labels do not fit");
        }
        for (int i = 0; i < x.values().length; i++) {
            if (!Float.isFinite(x.values()[i])) {
                throw new IllegalArgumentException("row " + i / x.columns() + ", column " + i % x.columns() + " is "
                        + x.values()[i] + ", which has no distance to anything: impute missing values first");
            }
        }
    }

    /** How many rows are kept and made: not the rows. */
    @Override
    public String toString() {
        long made = Arrays.stream(origin).filter(row -> row < 0).count();
        return "Resampled[" + (origin.length - made) + " rows kept, " + made + " made]";
    }
}
