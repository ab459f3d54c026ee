package io.gatun.nn.data.table;

import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How to read CSV files (RFC 4180, UTF-8 with or without byte order mark): {@code Csv.standard().read(path)}. Fields may
 * be quoted, and quoted ones may hold separators, line ends and doubled quotes; empty lines are skipped. A column whose
 * values are all numbers or missing is NUMERIC, else CATEGORICAL, unless its type is declared: a number of a house or
 * class should be. Immutable and thread-safe.
 *
 * @param separator between fields
 * @param quote around fields
 * @param header whether the first line names the columns; else they are named c0, c1, …
 * @param missing the fields that mean a missing value, quoted or not
 * @param types declared types, by column name
 */
public record Csv(char separator, char quote, boolean header, Set<String> missing, Map<String, ColumnType> types) {
    private static final Csv STANDARD =
            new Csv(',', '"', true, Set.of("", "NA", "N/A", "NaN", "nan", "null", "NULL"), Map.of());

    /** @throws IllegalArgumentException when separator and quote are equal, or one of them ends lines */
    public Csv {
        if (separator == quote || "\r\n".indexOf(separator) >= 0 || "\r\n".indexOf(quote) >= 0) {
            throw new IllegalArgumentException("a CSV format of separator '" + separator + "' and quote '" + quote
                    + "': they must differ, and neither may end a line");
        }
        missing = Set.copyOf(missing);
        types = Map.copyOf(types);
    }

    /** Commas, double quotes, a header; empty, NA, N/A, NaN, nan, null and NULL are missing; types inferred. */
    public static Csv standard() {
        return STANDARD;
    }

    /** The same with another separator, such as {@code ';'} or {@code '\t'}. */
    public Csv separatedBy(char other) {
        return new Csv(other, quote, header, missing, types);
    }

    /** The same for files whose first line is data. */
    public Csv withoutHeader() {
        return new Csv(separator, quote, false, missing, types);
    }

    /** The same with these and no other fields for a missing value. */
    public Csv withMissing(String... fields) {
        return new Csv(separator, quote, header, Set.of(fields), types);
    }

    /** The same with this column's type declared. */
    public Csv with(String column, ColumnType type) {
        Map<String, ColumnType> declared = new HashMap<>(types);
        declared.put(column, type);
        return new Csv(separator, quote, header, missing, declared);
    }

    /** Takes a row of a file. */
    public interface RowReader {
        /**
         * @param line of the file where the row begins, from 1
         * @param fields as many as columns, null where one is missing; the reader's own, valid during the call
         */
        void row(long line, String[] fields) throws IOException;
    }

    /**
     * Goes through a file row by row in constant memory.
     *
     * @return the columns' names
     * @throws FormatException naming line and column where the file is no CSV, not UTF-8, has a row of another number of
     *     fields, a repeated or empty column name, a field above 1 MiB or more than 65,536 columns
     */
    public List<String> forEach(Path file, RowReader reader) throws IOException {
        return new CsvRows(this, file).read(reader);
    }

    /**
     * Reads a table, in two passes: one for the types, one for the values.
     *
     * @throws FormatException as {@link #forEach}, and where a field of a numeric column is no number
     * @throws IllegalArgumentException when a type is declared of a column that is not there
     */
    public Table read(Path file) throws IOException {
        boolean[][] text = {new boolean[0]};
        List<String> columns = forEach(file, (line, fields) -> {
            if (text[0].length < fields.length) {
                text[0] = new boolean[fields.length];
            }
            for (int c = 0; c < fields.length; c++) {
                text[0][c] |= fields[c] != null && !Numbers.isNumber(fields[c]);
            }
        });
        for (String declared : types.keySet()) {
            if (!columns.contains(declared)) {
                throw new IllegalArgumentException(
                        file + " has no column \"" + declared + "\" to be of a declared type, it has " + columns);
            }
        }
        boolean[] isText = Arrays.copyOf(text[0], columns.size());
        ColumnBuilder[] builders = new ColumnBuilder[columns.size()];
        for (int c = 0; c < builders.length; c++) {
            ColumnType inferred = isText[c] ? ColumnType.CATEGORICAL : ColumnType.NUMERIC;
            builders[c] = new ColumnBuilder(columns.get(c), types.getOrDefault(columns.get(c), inferred));
        }
        forEach(file, (line, fields) -> {
            for (int c = 0; c < fields.length; c++) {
                builders[c].add(fields[c], file, line, c + 1);
            }
        });
        return new Table(Arrays.stream(builders).map(ColumnBuilder::build).toList());
    }
}
