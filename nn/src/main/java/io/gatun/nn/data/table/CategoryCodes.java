package io.gatun.nn.data.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers categories in the order they come. */
final class CategoryCodes {
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<String> categories = new ArrayList<>();
    private int[] codes = new int[16];
    private int size;

    /** @param category null for a missing value */
    void add(String category) {
        if (size == codes.length) {
            codes = Arrays.copyOf(codes, size + size / 2);
        }
        if (category == null) {
            codes[size++] = CategoryColumn.MISSING;
            return;
        }
        Integer known = numbers.putIfAbsent(category, categories.size());
        if (known == null) {
            known = categories.size();
            categories.add(category);
        }
        codes[size++] = known;
    }

    CategoryColumn column(String name) {
        return new CategoryColumn(name, categories, Arrays.copyOf(codes, size));
    }
}
