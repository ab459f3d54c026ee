package io.gatun.perf.results;

import org.apache.commons.math3.stat.inference.MannWhitneyUTest;

/**
 * One benchmark before and after a change.
 *
 * @param before median of time over the anchor's
 * @param after the same of the new results
 * @param p how probable ranks at least this uneven are if nothing changed (Mann and Whitney 1947, two-sided)
 */
public record Comparison(String id, double before, double after, double p, Verdict verdict) {
    /** Below this a difference is significant: of a suite of 150 one or two pass it by luck, and 10 % keeps those out. */
    static final double SIGNIFICANT = 0.01;

    /** A slowdown that matters. */
    static final double SLOWDOWN = 0.10;

    /**
     * An anchor that got this much faster while the benchmark took as long as before proves nothing: the memory of a shared
     * machine was seen to go from 33 to 59 GB/s a thread for seconds, and AdamW then is bound by its divisions.
     */
    private static final double MOVED = 1.25;

    /** What is said of a benchmark. */
    public enum Verdict {
        SLOWER("SLOWER"),
        /** Slower only because the machine, by its anchor, was much faster: measure again. */
        UNSURE("unsure"),
        FASTER("faster"),
        SAME("");

        private final String word;

        Verdict(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /**
     * Of two measurements of one benchmark against the same anchor.
     *
     * @throws IllegalArgumentException if the anchors differ
     */
    static Comparison of(Measurement before, Measurement after) {
        if (!before.anchor().equals(after.anchor())) {
            throw new IllegalArgumentException("'" + before.id() + "' was measured against '" + before.anchor()
                    + "' and against '" + after.anchor() + "': measure both anew");
        }
        double p = new MannWhitneyUTest().mannWhitneyUTest(before.ratios(), after.ratios());
        double old = before.medianRatio();
        double now = after.medianRatio();
        Verdict verdict = Verdict.SAME;
        if (p < SIGNIFICANT && now >= old * (1 + SLOWDOWN)) {
            boolean machine = before.medianAnchorNanos() > MOVED * after.medianAnchorNanos()
                    && after.medianNanos() < before.medianNanos() * (1 + SLOWDOWN);
            verdict = machine ? Verdict.UNSURE : Verdict.SLOWER;
        } else if (p < SIGNIFICANT && old >= now * (1 + SLOWDOWN)) {
            verdict = Verdict.FASTER;
        }
        return new Comparison(before.id(), old, now, p, verdict);
    }

    /** 0.1 for a tenth more time. */
    public double slowdown() {
        return after / before - 1;
    }
}
