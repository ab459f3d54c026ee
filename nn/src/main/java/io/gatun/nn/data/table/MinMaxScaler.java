package io.gatun.nn.data.table;

/**
 * {@code y = (x - min[c]) / (max[c] - min[c]) · (high - low) + low}: the training set's columns fill [low, high], other
 * sets may go beyond. Missing values are left out and stay missing; a constant column becomes {@code low}, as in
 * scikit-learn. Immutable.
 *
 * @param min of each column
 * @param max of each column
 * @param low what {@code min} becomes
 * @param high what {@code max} becomes, above {@code low}
 */
public record MinMaxScaler(double[] min, double[] max, double low, double high) {

    /** @throws IllegalArgumentException when the lengths differ or a range is reversed */
    public MinMaxScaler {
        if (min.length != max.length || !(high > low)) {
            throw new IllegalArgumentException("min-max scaler of " + min.length + " minima, " + max.length
                    + " maxima to [" + low + ", " + high + "]: as many of both and low below high are needed");
        }
        min = min.clone();
        max = max.clone();
    }

    /** Learns from the training set, to [0, 1]. */
    public static MinMaxScaler fit(Matrix train) {
        return fit(train, 0, 1);
    }

    /** Learns from the training set. */
    public static MinMaxScaler fit(Matrix train, double low, double high) {
        double[] min = new double[train.columns()];
        double[] max = new double[train.columns()];
        for (int c = 0; c < min.length; c++) {
            min[c] = Double.POSITIVE_INFINITY;
            max[c] = Double.NEGATIVE_INFINITY;
            for (double value : ColumnStatistics.present(train, c)) {
                min[c] = Math.min(min[c], value);
                max[c] = Math.max(max[c], value);
            }
        }
        return new MinMaxScaler(min, max, low, high);
    }

    /** Any set by the training set's numbers. */
    public Matrix transform(Matrix x) {
        ColumnStatistics.checkColumns("min-max scaler", min.length, x);
        return Affine.forward(x, min, width(), high - low, low);
    }

    /** Back to the original unit. */
    public Matrix inverse(Matrix y) {
        ColumnStatistics.checkColumns("min-max scaler", min.length, y);
        return Affine.inverse(y, min, width(), high - low, low);
    }

    private double[] width() {
        double[] width = new double[min.length];
        for (int c = 0; c < width.length; c++) {
            width[c] = max[c] > min[c] ? max[c] - min[c] : 1;
        }
        return width;
    }

    @Override
    public double[] min() {
        return min.clone();
    }

    @Override
    public double[] max() {
        return max.clone();
    }
}
