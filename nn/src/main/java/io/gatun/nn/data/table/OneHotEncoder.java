package io.gatun.nn.data.table;

import java.util.Arrays;
import java.util.List;

/**
 * A feature for each category of the training set, in alphabetical order: 1 for the row's own, 0 for the others.
 * Immutable.
 *
 * @param ordinal which feature is which category's
 */
public record OneHotEncoder(OrdinalEncoder ordinal) {

    /** Learns the categories of the training set. */
    public static OneHotEncoder fit(CategoryColumn train, Unknown unknown) {
        return new OneHotEncoder(OrdinalEncoder.fit(train, unknown));
    }

    /** float32 [rows, categories]. */
    public Matrix transform(CategoryColumn x) {
        return of(ordinal.codes(x), ordinal.categories().size());
    }

    /** {@code column=category} for each feature. */
    public List<String> names() {
        return ordinal.categories().stream()
                .map(category -> ordinal.column() + "=" + category)
                .toList();
    }

    /**
     * Class numbers as float32 [labels, classes]; -1 gives zeros.
     *
     * @throws IllegalArgumentException when a label is not in -1..classes-1
     */
    public static Matrix of(int[] labels, int classes) {
        float[] values = new float[Math.multiplyExact(labels.length, classes)];
        for (int r = 0; r < labels.length; r++) {
            if (labels[r] < -1 || labels[r] >= classes) {
                throw new IllegalArgumentException(
                        "label " + labels[r] + " of sample " + r + " is not in 0.." + (classes - 1));
            }
            if (labels[r] >= 0) {
                values[r * classes + labels[r]] = 1;
            }
        }
        return new Matrix(labels.length, classes, values);
    }

    /** The category of each row's greatest value (the first of equals): what a net says. */
    public List<String> inverse(Matrix scores) {
        ColumnStatistics.checkColumns("one-hot encoder", ordinal.categories().size(), scores);
        int[] codes = new int[scores.rows()];
        Arrays.setAll(codes, r -> {
            int best = 0;
            for (int c = 1; c < scores.columns(); c++) {
                best = scores.get(r, c) > scores.get(r, best) ? c : best;
            }
            return best;
        });
        return ordinal.inverse(codes);
    }
}
