package io.gatun.nn.data.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Categories: a number into the list for each row, {@link #MISSING} where there is none. The array is held, not copied.
 *
 * @param name unique in its table
 * @param categories the different ones, in any order; some may occur in no row
 * @param codes one for each row
 */
public record CategoryColumn(String name, List<String> categories, int[] codes) implements Column {
    /** The code of a missing value. */
    public static final int MISSING = -1;

    /** @throws IllegalArgumentException when a code is outside the list or a category is in it twice */
    public CategoryColumn {
        categories = List.copyOf(categories);
        for (int i = 0; i < codes.length; i++) {
            if (codes[i] < MISSING || codes[i] >= categories.size()) {
                throw new IllegalArgumentException("code " + codes[i] + " in row " + i + " of column " + name
                        + " is not in -1.." + (categories.size() - 1));
            }
        }
        if (Set.copyOf(categories).size() < categories.size()) {
            throw new IllegalArgumentException("column " + name + " names a category twice");
        }
    }

    /** A column of these values, null where one is missing; categories in the order of their first row. */
    public static CategoryColumn of(String name, String... values) {
        CategoryCodes codes = new CategoryCodes();
        for (String value : values) {
            codes.add(value);
        }
        return codes.column(name);
    }

    @Override
    public int size() {
        return codes.length;
    }

    /** The category of a row, or null. */
    public String get(int row) {
        return codes[row] == MISSING ? null : categories.get(codes[row]);
    }

    @Override
    public CategoryColumn select(int... rows) {
        return new CategoryColumn(
                name, categories, Arrays.stream(rows).map(r -> codes[r]).toArray());
    }

    /** The categories that occur, sorted: what an encoder learns. */
    public List<String> occurring() {
        TreeSet<String> sorted = new TreeSet<>();
        for (int code : codes) {
            if (code != MISSING) {
                sorted.add(categories.get(code));
            }
        }
        return List.copyOf(sorted);
    }

    /**
     * The category of most rows, the alphabetically first of equals: of the training set, to fill the gaps of both.
     *
     * @throws IllegalStateException when every row is missing
     */
    public String mode() {
        int[] counts = new int[categories.size()];
        for (int code : codes) {
            if (code != MISSING) {
                counts[code]++;
            }
        }
        String mode = null;
        int most = 0;
        for (int c = 0; c < counts.length; c++) {
            boolean first =
                    counts[c] == most && mode != null && categories.get(c).compareTo(mode) < 0;
            if (counts[c] > most || first) {
                mode = categories.get(c);
                most = counts[c];
            }
        }
        if (mode == null) {
            throw new IllegalStateException("column " + name + " has no value to take the most frequent of");
        }
        return mode;
    }

    /** This column with {@code category} where a value is missing. */
    public CategoryColumn filled(String category) {
        List<String> all = new ArrayList<>(categories);
        int at = all.indexOf(category);
        if (at < 0) {
            at = all.size();
            all.add(category);
        }
        int code = at;
        return new CategoryColumn(
                name,
                all,
                Arrays.stream(codes).map(c -> c == MISSING ? code : c).toArray());
    }
}
