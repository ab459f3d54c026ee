package io.gatun.nn.data.table;

import io.gatun.nn.io.FormatException;
import java.nio.file.Path;
import java.util.Arrays;

/** Grows one column of a known type. */
final class ColumnBuilder {
    private final String name;
    private final CategoryCodes codes;
    private double[] numbers = new double[16];
    private int size;

    ColumnBuilder(String name, ColumnType type) {
        this.name = name;
        this.codes = type == ColumnType.CATEGORICAL ? new CategoryCodes() : null;
    }

    void add(String field, Path file, long line, int column) throws FormatException {
        if (codes != null) {
            codes.add(field);
            return;
        }
        if (field != null && !Numbers.isNumber(field)) {
            String shown = field.length() > 40 ? field.substring(0, 40) + "…" : field;
            throw FormatException.atLine(
                    file, line, column, "\"" + shown + "\" is no number, and column \"" + name + "\" is numeric", null);
        }
        if (size == numbers.length) {
            numbers = Arrays.copyOf(numbers, size + size / 2);
        }
        numbers[size++] = field == null ? Double.NaN : Numbers.parse(field);
    }

    Column build() {
        return codes != null ? codes.column(name) : new NumericColumn(name, Arrays.copyOf(numbers, size));
    }
}
