package io.gatun.nn.data.table;

import java.util.Arrays;
import java.util.List;

/**
 * Categories as numbers 0, 1, … in alphabetical order (a label encoding), or in a given one where they have a natural
 * order. As a feature the number claims that neighbours are alike: without a natural order use {@link OneHotEncoder}.
 * As a target it is the class number. Immutable.
 *
 * @param column name of the column, for messages
 * @param categories those of the training set, by number
 * @param unknown what to do with others
 */
public record OrdinalEncoder(String column, List<String> categories, Unknown unknown) {

    public OrdinalEncoder {
        categories = List.copyOf(categories);
    }

    /** Learns the categories of the training set. */
    public static OrdinalEncoder fit(CategoryColumn train, Unknown unknown) {
        return new OrdinalEncoder(train.name(), train.occurring(), unknown);
    }

    /**
     * The number of each row's category.
     *
     * @throws IllegalArgumentException for an unknown or missing one under {@link Unknown#REFUSE}
     */
    public int[] codes(CategoryColumn x) {
        int[] own = new int[x.categories().size()];
        Arrays.setAll(own, c -> categories.indexOf(x.categories().get(c)));
        int[] codes = new int[x.size()];
        for (int r = 0; r < codes.length; r++) {
            codes[r] = x.codes()[r] == CategoryColumn.MISSING ? -1 : own[x.codes()[r]];
            if (codes[r] < 0 && unknown == Unknown.REFUSE) {
                throw new IllegalArgumentException("row " + r + " of column \"" + column + "\" is "
                        + (x.get(r) == null ? "missing" : "\"" + x.get(r) + "\"") + ", not one of the "
                        + categories.size() + " categories of the training set: fill it, or fit with Unknown.IGNORE");
            }
        }
        return codes;
    }

    /** The numbers as a feature [rows, 1]. */
    public Matrix transform(CategoryColumn x) {
        int[] codes = codes(x);
        float[] values = new float[codes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = codes[i];
        }
        return new Matrix(values.length, 1, values);
    }

    /** The categories of numbers, null for -1. */
    public List<String> inverse(int... codes) {
        return Arrays.stream(codes)
                .mapToObj(code -> code == -1 ? null : categories.get(code))
                .toList();
    }
}
