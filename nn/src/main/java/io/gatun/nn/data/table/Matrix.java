package io.gatun.nn.data.table;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Field;
import io.gatun.nn.data.TensorDataset;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Samples by features, float32 [rows, columns] in row-major order; NaN is a missing value. The array is held, not
 * copied, and nobody may change it afterwards.
 *
 * @param rows samples, at least 0
 * @param columns features, at least 0
 * @param values rows·columns floats
 */
public record Matrix(int rows, int columns, float[] values) {

    /** @throws IllegalArgumentException when the array is not of rows·columns */
    public Matrix {
        if (rows < 0 || columns < 0 || values.length != (long) rows * columns) {
            throw new IllegalArgumentException(
                    "matrix [" + rows + ", " + columns + "] cannot be made of " + values.length + " values");
        }
    }

    /** A matrix of these rows, all of one length; copied. */
    public static Matrix of(float[]... rows) {
        int columns = rows.length == 0 ? 0 : rows[0].length;
        float[] values = new float[Math.multiplyExact(rows.length, columns)];
        for (int r = 0; r < rows.length; r++) {
            if (rows[r].length != columns) {
                throw new IllegalArgumentException(
                        "row " + r + " has " + rows[r].length + " values, row 0 has " + columns);
            }
            System.arraycopy(rows[r], 0, values, r * columns, columns);
        }
        return new Matrix(rows.length, columns, values);
    }

    /** One value. */
    public float get(int row, int column) {
        if (row < 0 || row >= rows || column < 0 || column >= columns) {
            throw new IndexOutOfBoundsException("[" + row + ", " + column + "] of a matrix " + this);
        }
        return values[row * columns + column];
    }

    /** The rows of these numbers, in this order, copied: {@code x.select(split.train())}. */
    public Matrix select(int... rowNumbers) {
        float[] selected = new float[Math.multiplyExact(rowNumbers.length, columns)];
        for (int i = 0; i < rowNumbers.length; i++) {
            if (rowNumbers[i] < 0 || rowNumbers[i] >= rows) {
                throw new IndexOutOfBoundsException("row " + rowNumbers[i] + " of a matrix " + this);
            }
            System.arraycopy(values, rowNumbers[i] * columns, selected, i * columns, columns);
        }
        return new Matrix(rowNumbers.length, columns, selected);
    }

    /** Matrices of as many rows side by side: features of one with those of the next. */
    public static Matrix beside(Matrix... parts) {
        int columns = 0;
        for (Matrix part : parts) {
            if (part.rows != parts[0].rows) {
                throw new IllegalArgumentException(
                        "matrices " + parts[0] + " and " + part + " cannot lie beside each other");
            }
            columns += part.columns;
        }
        int rows = parts.length == 0 ? 0 : parts[0].rows;
        float[] values = new float[Math.multiplyExact(rows, columns)];
        int left = 0;
        for (Matrix part : parts) {
            for (int r = 0; r < rows; r++) {
                System.arraycopy(part.values, r * part.columns, values, r * columns + left, part.columns);
            }
            left += part.columns;
        }
        return new Matrix(rows, columns, values);
    }

    /**
     * The rows as a data set of fields {@code features} f32 [columns] and {@code labels} i32 []; not copied.
     *
     * @param labels class of each row
     */
    public Dataset samples(int... labels) {
        requireAsMany(labels.length, "labels");
        Field field = new Field("labels", DType.I32, Shape.of());
        return new TensorDataset(
                rows,
                List.of(field("features"), field),
                List.of(MemorySegment.ofArray(values), MemorySegment.ofArray(labels)));
    }

    /**
     * The rows as a data set of fields {@code features} f32 [columns] and {@code targets} f32 [targets' columns]; not
     * copied.
     *
     * @param targets what to predict from each row
     */
    public Dataset samples(Matrix targets) {
        requireAsMany(targets.rows, "targets");
        return new TensorDataset(
                rows,
                List.of(field("features"), targets.field("targets")),
                List.of(MemorySegment.ofArray(values), MemorySegment.ofArray(targets.values)));
    }

    private Field field(String name) {
        return new Field(name, DType.F32, Shape.of(columns));
    }

    private void requireAsMany(int others, String what) {
        if (others != rows) {
            throw new IllegalArgumentException(
                    "features " + this + " and " + others + " " + what + ": as many of both");
        }
    }

    /** {@code [rows, columns]}: not the values. */
    @Override
    public String toString() {
        return "[" + rows + ", " + columns + "]";
    }
}
