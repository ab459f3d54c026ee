package io.gatun.nn.data.table;

/**
 * {@code y = (x - mean[c]) / std[c]} by the mean and population deviation of the training set, as scikit-learn's
 * StandardScaler: missing values are left out of both and stay missing; a constant column is only shifted. Immutable.
 *
 * @param mean of each column
 * @param std of each column, above 0
 */
public record Standardizer(double[] mean, double[] std) {

    /** @throws IllegalArgumentException when the lengths differ or a deviation is not above 0 */
    public Standardizer {
        if (mean.length != std.length) {
            throw new IllegalArgumentException(
                    "standardizer needs as many means as deviations, got " + mean.length + " and " + std.length);
        }
        for (double deviation : std) {
            if (!(deviation > 0)) {
                throw new IllegalArgumentException("standard deviation " + deviation + " must be above 0");
            }
        }
        mean = mean.clone();
        std = std.clone();
    }

    /** Learns from the training set. */
    public static Standardizer fit(Matrix train) {
        double[] mean = new double[train.columns()];
        double[] std = new double[train.columns()];
        for (int c = 0; c < mean.length; c++) {
            double[] values = ColumnStatistics.present(train, c);
            mean[c] = ColumnStatistics.mean(values);
            double deviation = ColumnStatistics.deviation(values, mean[c]);
            // Below the rounding of the mean itself the column is constant.
            std[c] = deviation > 1e-14 * Math.abs(mean[c]) ? deviation : 1;
        }
        return new Standardizer(mean, std);
    }

    /** Any set by the training set's numbers. */
    public Matrix transform(Matrix x) {
        ColumnStatistics.checkColumns("standardizer", mean.length, x);
        return Affine.forward(x, mean, std, 1, 0);
    }

    /** Back to the original unit. */
    public Matrix inverse(Matrix y) {
        ColumnStatistics.checkColumns("standardizer", mean.length, y);
        return Affine.inverse(y, mean, std, 1, 0);
    }

    @Override
    public double[] mean() {
        return mean.clone();
    }

    @Override
    public double[] std() {
        return std.clone();
    }
}
