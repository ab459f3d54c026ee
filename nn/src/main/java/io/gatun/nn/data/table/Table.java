package io.gatun.nn.data.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Named columns of as many rows. Immutable as far as nobody changes the columns' arrays.
 *
 * @param columns in the order of the file
 */
public record Table(List<Column> columns) {

    /** @throws IllegalArgumentException when two columns share a name or differ in rows */
    public Table {
        columns = List.copyOf(columns);
        Set<String> names = new HashSet<>();
        for (Column column : columns) {
            if (!names.add(column.name())) {
                throw new IllegalArgumentException("two columns are named \"" + column.name() + "\"");
            }
            if (column.size() != columns.getFirst().size()) {
                throw new IllegalArgumentException("column \"" + column.name() + "\" has " + column.size()
                        + " rows, \"" + columns.getFirst().name() + "\" has "
                        + columns.getFirst().size());
            }
        }
    }

    /** A table of these columns. */
    public static Table of(Column... columns) {
        return new Table(List.of(columns));
    }

    /** Number of rows. */
    public int rows() {
        return columns.isEmpty() ? 0 : columns.getFirst().size();
    }

    /** Names in order. */
    public List<String> names() {
        return columns.stream().map(Column::name).toList();
    }

    /** @throws IllegalArgumentException naming all columns when there is none of that name */
    public Column column(String name) {
        return columns.stream()
                .filter(column -> column.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("the table has no column \"" + name + "\", it has " + names()));
    }

    /** @throws IllegalArgumentException when that column is of categories */
    public NumericColumn numeric(String name) {
        if (column(name) instanceof NumericColumn numeric) {
            return numeric;
        }
        throw new IllegalArgumentException(
                "column \"" + name + "\" is of categories: encode it (OneHotEncoder, OrdinalEncoder, BinaryEncoder),"
                        + " or read it as ColumnType.NUMERIC to be told which value is no number");
    }

    /** @throws IllegalArgumentException when that column is of numbers */
    public CategoryColumn categories(String name) {
        if (column(name) instanceof CategoryColumn categories) {
            return categories;
        }
        throw new IllegalArgumentException(
                "column \"" + name + "\" is of numbers: declare it CATEGORICAL where the file is read");
    }

    /** The rows of these numbers, in this order: {@code table.select(split.train())}. */
    public Table select(int... rows) {
        return new Table(columns.stream().map(column -> column.select(rows)).collect(Collectors.toList()));
    }

    /** All columns but these. */
    public Table without(String... names) {
        List<Column> left = new ArrayList<>(columns);
        for (String name : names) {
            left.remove(column(name));
        }
        return new Table(left);
    }

    /** float32 [rows, names] of numeric columns, each value rounded once, NaN where one is missing. */
    public Matrix matrix(String... names) {
        return Matrix.beside(
                Arrays.stream(names).map(name -> numeric(name).matrix()).toArray(Matrix[]::new));
    }

    /** float32 of all columns, which must all be numeric. */
    public Matrix matrix() {
        return matrix(names().toArray(String[]::new));
    }
}
