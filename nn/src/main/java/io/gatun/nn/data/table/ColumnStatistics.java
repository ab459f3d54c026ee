package io.gatun.nn.data.table;

import java.util.Arrays;

/** What scalers and imputers learn of a training matrix, column by column, missing values left out. */
final class ColumnStatistics {
    private ColumnStatistics() {}

    /** The values of a column that are there, in the order of the rows. */
    static double[] present(Matrix train, int column) {
        double[] values = new double[train.rows()];
        int count = 0;
        for (int r = 0; r < train.rows(); r++) {
            float value = train.values()[r * train.columns() + column];
            if (Float.isInfinite(value)) {
                throw new IllegalArgumentException("row " + r + ", column " + column + " of the training matrix "
                        + train + " is " + value + ", which nothing can be fitted to: make it a missing value first");
            }
            if (!Float.isNaN(value)) {
                values[count++] = value;
            }
        }
        if (count == 0) {
            throw new IllegalArgumentException("column " + column + " of the training matrix " + train
                    + " has no value to fit on: drop it, or fill it with a constant first");
        }
        return Arrays.copyOf(values, count);
    }

    static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /** Population deviation, in a second pass around the mean so that large offsets cost no digits. */
    static double deviation(double[] values, double mean) {
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / values.length);
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The value that occurs most, the smallest of equals. */
    static double mode(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double mode = sorted[0];
        int most = 0;
        for (int from = 0; from < sorted.length; ) {
            int to = from;
            while (to < sorted.length && sorted[to] == sorted[from]) {
                to++;
            }
            if (to - from > most) {
                most = to - from;
                mode = sorted[from];
            }
            from = to;
        }
        return mode;
    }

    /** @throws IllegalArgumentException when {@code x} has not the columns that {@code what} was fitted on */
    static void checkColumns(String what, int fitted, Matrix x) {
        if (x.columns() != fitted) {
            throw new IllegalArgumentException(
                    what + " was fitted on " + fitted + " columns and cannot transform a matrix " + x);
        }
    }
}
