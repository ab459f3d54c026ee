package io.gatun.nn.search;

import java.nio.file.Path;
import java.util.Map;

/**
 * One set of hyper-parameters to try.
 *
 * @param number from 0; the same number is the same set, also where it is tried again with a larger budget
 * @param seed for everything random in the trial, which follows from the study's seed and the number
 * @param budget what {@link Strategy#hyperband} gives it, mostly epochs; 0 where the strategy knows no budgets
 * @param folder for the trial's own files, a checkpoint to go on from for instance; null if the study has no folder
 * @param values a Double, Long or String for each name
 */
public record Trial(int number, long seed, int budget, Path folder, Map<String, Object> values) {
    /** The value of a real hyper-parameter. */
    public double real(String name) {
        return get(name, Double.class);
    }

    /** The value of a whole-number hyper-parameter. */
    public long whole(String name) {
        return get(name, Long.class);
    }

    /** The chosen word. */
    public String choice(String name) {
        return get(name, String.class);
    }

    private <T> T get(String name, Class<T> type) {
        Object value = values.get(name);
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException("trial " + number + " has no " + type.getSimpleName() + " '" + name
                    + "'; its values are " + values);
        }
        return type.cast(value);
    }
}
