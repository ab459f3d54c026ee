package io.gatun.nn.data.table;

import java.util.Arrays;
import java.util.Objects;

/**
 * Numbers, NaN where one is missing. Double, so that large counters and times in milliseconds are exact until they are
 * scaled. The array is held, not copied.
 *
 * @param name unique in its table
 * @param values one for each row
 */
public record NumericColumn(String name, double[] values) implements Column {

    public NumericColumn {
        Objects.requireNonNull(name, "name");
    }

    @Override
    public int size() {
        return values.length;
    }

    @Override
    public NumericColumn select(int... rows) {
        return new NumericColumn(
                name, Arrays.stream(rows).mapToDouble(r -> values[r]).toArray());
    }

    /** As a matrix of one column, each value rounded to float. */
    public Matrix matrix() {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return new Matrix(floats.length, 1, floats);
    }
}
