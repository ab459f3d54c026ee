package io.gatun.kernel;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Why a spec runs on what it runs on: the offers in the order they were asked for.
 *
 * @param line the spec
 * @param chosen the implementation that won, or null if all refused
 */
public record Choice(String line, String chosen, List<Answer> answers) {
    /** One backend's answer; {@code reason} is null where it offered an implementation. */
    public record Answer(String backend, String implementation, String reason) {
        @Override
        public String toString() {
            return reason == null ? backend + ": " + implementation : backend + ": refused, " + reason;
        }
    }

    @Override
    public String toString() {
        return answers.stream().map(a -> "  " + a).collect(Collectors.joining("\n", line + "\n", ""));
    }
}
