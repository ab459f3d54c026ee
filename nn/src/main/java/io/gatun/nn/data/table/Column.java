package io.gatun.nn.data.table;

/** One column of a {@link Table}: numbers or categories. */
public sealed interface Column permits NumericColumn, CategoryColumn {
    /** Its name, unique in its table. */
    String name();

    /** Number of rows. */
    int size();

    /** The values of these rows, in this order. */
    Column select(int... rows);
}
