package io.gatun.contract;

import java.util.ArrayList;
import java.util.List;

/** What became of the cases of one test: so that nothing passes because nothing ran. */
final class Tried {
    private static final int SHOWN = 6;

    private final List<String> failures = new ArrayList<>();
    private int ran;
    private int exact;
    private int refused;
    private int mistrusted;
    private int failed;
    private double largest;
    private double total;
    private String refusal = "";

    void ran(boolean exactly) {
        ran++;
        exact += exactly ? 1 : 0;
    }

    /** An error as a share of what is allowed, and the sum of the errors of one output. */
    void error(double share, double sum) {
        largest = Math.max(largest, share);
        total += sum;
    }

    /** An exact case that would have been mostly zeros: not counted as run. */
    void mistrusted() {
        mistrusted++;
    }

    void refused(String reason) {
        refused++;
        refusal = reason;
    }

    void failed(String what) {
        failed++;
        if (failures.size() < SHOWN) {
            failures.add(what);
        }
    }

    /** Whether a failure more would still be shown: finding the smallest failing size is not worth it else. */
    boolean shows() {
        return failures.size() < SHOWN;
    }

    int count() {
        return ran;
    }

    String refusal() {
        return refusal;
    }

    void assertNoFailure() {
        if (failed > 0) {
            throw new AssertionError(failed + " of " + ran + " failed (seed " + KernelContract.SEED + "):\n"
                    + String.join("\n", failures));
        }
    }

    @Override
    public String toString() {
        return ran + " ran, " + exact + " of them exact, " + mistrusted + " mistrusted, " + refused
                + " refused, largest error "
                + Math.round(100 * largest) + " % of what is allowed"
                + (largest > 0.5 ? " (more than half)" : "") + ", all errors " + (float) total
                + (refused == 0 ? "" : " (the last one: " + refusal + ")");
    }
}
