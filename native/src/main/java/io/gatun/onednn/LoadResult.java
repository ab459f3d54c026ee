package io.gatun.onednn;

import java.util.List;
import java.util.stream.Collectors;

/** How looking for oneDNN ended, with every place that was tried, in order. */
public sealed interface LoadResult {
    /** Every place that was tried, the last one taken if the library is loaded. */
    List<Attempt> attempts();

    /**
     * One place.
     *
     * @param place a file, folder or library name
     * @param outcome {@code loaded}, or the reason why not
     */
    record Attempt(String place, String outcome) {
        @Override
        public String toString() {
            return place + ": " + outcome;
        }
    }

    /**
     * The bindings work.
     *
     * @param place the loaded file, or the name that the system resolved
     * @param version such as {@code 3.11.0}
     * @param attempts every place that was tried, this one last
     */
    record Loaded(String place, String version, List<Attempt> attempts) implements LoadResult {
        public Loaded {
            attempts = List.copyOf(attempts);
        }
    }

    /** The bindings must not be called. */
    record Unavailable(List<Attempt> attempts) implements LoadResult {
        public Unavailable {
            attempts = List.copyOf(attempts);
        }

        /** One line with every place and its reason. */
        public String reason() {
            return attempts.stream().map(Attempt::toString).collect(Collectors.joining("; "));
        }
    }
}
