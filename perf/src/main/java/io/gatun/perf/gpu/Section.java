package io.gatun.perf.gpu;

import java.util.Locale;

/**
 * One part of the run, a process or several of its own.
 *
 * @param name such as {@code bandwidth}, {@code memcheck CudaGemmContractTest}
 * @param seconds it took
 * @param budget seconds it had
 * @param tail why it was skipped, or the end of what one wrote that did not pass; else empty
 */
public record Section(String name, Status status, double seconds, double budget, String tail) {
    /** How it ended. */
    public enum Status {
        /** Exit code 0. */
        PASSED,
        /** Another one. */
        FAILED,
        /** Ended when its budget was gone; what it had measured until then counts. */
        OVERTIME,
        /** Not begun. */
        SKIPPED;

        /** As files have it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * The status of that word.
         *
         * @throws IllegalArgumentException if it is none
         */
        public static Status of(String word) {
            for (Status status : values()) {
                if (status.word().equals(word)) {
                    return status;
                }
            }
            throw new IllegalArgumentException(
                    "'" + word + "' is no status; known are passed, failed, overtime, skipped");
        }
    }

    /** What the exit code of {@code timeout}'s command says. */
    static Status ended(int code) {
        return switch (code) {
            case 0 -> Status.PASSED;
            // What timeout returns, and a process that it had to kill.
            case 124, 137 -> Status.OVERTIME;
            default -> Status.FAILED;
        };
    }
}
