package io.gatun.nn.data.table;

/** {@code y = (x - shift[c]) / scale[c] * range + low} in double, rounded once; NaN stays NaN. */
final class Affine {
    private Affine() {}

    static Matrix forward(Matrix x, double[] shift, double[] scale, double range, double low) {
        float[] out = new float[x.values().length];
        for (int i = 0; i < out.length; i++) {
            int c = i % x.columns();
            out[i] = (float) ((x.values()[i] - shift[c]) / scale[c] * range + low);
        }
        return new Matrix(x.rows(), x.columns(), out);
    }

    static Matrix inverse(Matrix y, double[] shift, double[] scale, double range, double low) {
        float[] out = new float[y.values().length];
        for (int i = 0; i < out.length; i++) {
            int c = i % y.columns();
            out[i] = (float) ((y.values()[i] - low) / range * scale[c] + shift[c]);
        }
        return new Matrix(y.rows(), y.columns(), out);
    }
}
