package io.gatun.nn.data.table;

/** What a column of a CSV file holds. */
public enum ColumnType {
    /** Numbers: {@link NumericColumn}. */
    NUMERIC,
    /** Anything, compared as text: {@link CategoryColumn}. */
    CATEGORICAL
}
