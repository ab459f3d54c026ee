package io.gatun.perf.results;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Two files of results side by side.
 *
 * @param differences between the machines and JVMs
 * @param comparisons of what both have, in the old file's order
 * @param missing ids that only the old one has
 * @param added ids that only the new one has
 */
public record ComparedFiles(
        List<String> differences, List<Comparison> comparisons, List<String> missing, List<String> added) {

    /**
     * Compares what both have.
     *
     * @throws IllegalArgumentException if they have nothing in common, or one was measured against different anchors
     */
    public static ComparedFiles of(Results before, Results after) {
        List<Comparison> comparisons = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (Measurement old : before.all()) {
            Measurement now = after.get(old.id());
            if (now == null) {
                missing.add(old.id());
            } else {
                comparisons.add(Comparison.of(old, now));
            }
        }
        if (comparisons.isEmpty()) {
            throw new IllegalArgumentException(
                    "the two files have no benchmark in common: measure the same ones, with as many threads");
        }
        List<String> added = after.all().stream()
                .map(Measurement::id)
                .filter(id -> before.get(id) == null)
                .toList();
        return new ComparedFiles(before.environment().differences(after.environment()), comparisons, missing, added);
    }

    public long count(Comparison.Verdict verdict) {
        return comparisons.stream().filter(one -> one.verdict() == verdict).count();
    }

    /** The table, what is missing or new, and a last line that says how it came out. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        if (!differences.isEmpty()) {
            lines.add("Measured in different places, so the ratios to the anchor may differ too: "
                    + String.join("; ", differences) + ".");
        }
        lines.add(String.format(Locale.ROOT, "%9s %9s %9s %8s  %-7s %s", "old", "new", "slowdown", "p", "verdict", ""));
        for (Comparison one : comparisons) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%9.4g %9.4g %+8.1f%% %8.1e  %-7s %s",
                    one.before(),
                    one.after(),
                    100 * one.slowdown(),
                    one.p(),
                    one.verdict(),
                    one.id()));
        }
        missing.forEach(id -> lines.add("only old: " + id));
        added.forEach(id -> lines.add("only new: " + id));
        lines.add(String.format(
                Locale.ROOT,
                "%d compared, by time over the anchor's: %d slower by 10 %% or more with p < %s, %d unsure, %d faster;"
                        + " %d only old, %d only new",
                comparisons.size(),
                count(Comparison.Verdict.SLOWER),
                Comparison.SIGNIFICANT,
                count(Comparison.Verdict.UNSURE),
                count(Comparison.Verdict.FASTER),
                missing.size(),
                added.size()));
        return lines;
    }
}
