package io.gatun.nn.search;

import java.util.Map;

/**
 * How a trial ended.
 *
 * @param score what the objective said; NaN if it failed
 * @param seconds that it took
 * @param failure why it failed, null if it did not
 */
public record Outcome(
        int number, int budget, Map<String, Object> values, double score, double seconds, String failure) {
    /** Whether it has no score. */
    public boolean failed() {
        return failure != null;
    }
}
