package io.gatun.nn.data.table;

import java.util.Arrays;

/**
 * Puts a number where one is missing (NaN): the training set's, whatever set is filled. For categories see
 * {@link CategoryColumn#mode} and {@link CategoryColumn#filled}. Immutable.
 *
 * @param fill the number for each column
 */
public record Imputer(double[] fill) {

    /** Which number of the column's training values. */
    public enum Strategy {
        /** Their mean. */
        MEAN,
        /** The middle one, or the mean of the two middle ones. */
        MEDIAN,
        /** The one that occurs most, the smallest of equals. */
        MODE
    }

    public Imputer {
        fill = fill.clone();
    }

    /**
     * Learns from the training set.
     *
     * @throws IllegalArgumentException when a column has no value at all
     */
    public static Imputer fit(Matrix train, Strategy strategy) {
        double[] fill = new double[train.columns()];
        for (int c = 0; c < fill.length; c++) {
            double[] values = ColumnStatistics.present(train, c);
            fill[c] = switch (strategy) {
                case MEAN -> ColumnStatistics.mean(values);
                case MEDIAN -> ColumnStatistics.median(values);
                case MODE -> ColumnStatistics.mode(values);
            };
        }
        return new Imputer(fill);
    }

    /** The same number everywhere; there is nothing to learn. */
    public static Imputer constant(int columns, double value) {
        double[] fill = new double[columns];
        Arrays.fill(fill, value);
        return new Imputer(fill);
    }

    /** Any set, its gaps filled. */
    public Matrix transform(Matrix x) {
        ColumnStatistics.checkColumns("imputer", fill.length, x);
        float[] out = x.values().clone();
        for (int i = 0; i < out.length; i++) {
            if (Float.isNaN(out[i])) {
                out[i] = (float) fill[i % x.columns()];
            }
        }
        return new Matrix(x.rows(), x.columns(), out);
    }

    @Override
    public double[] fill() {
        return fill.clone();
    }
}
