package io.gatun.nn.compress;

/**
 * How much is pruned when (Zhu and Gupta 2017): after step t the share is to + (from - to) (1 - (t - begin) / (end - begin))³,
 * fast while much is redundant and slow at the end.
 *
 * @param from share at {@code begin}, within 0 and 1; the paper begins at 0
 * @param to share at {@code end} and from then on
 * @param begin the first step after which something is pruned, at least 1
 * @param end the last one, after {@code begin}
 * @param every steps from one pruning to the next; there is one at {@code end} in any case
 */
public record PruningSchedule(double from, double to, long begin, long end, long every) {
    /**
     * @throws IllegalArgumentException if a share is not within 0 and 1 or falls, or the steps do not follow each other
     */
    public PruningSchedule {
        Pruning.requireShare(from);
        Pruning.requireShare(to);
        if (from > to || begin < 1 || end <= begin || every < 1) {
            throw new IllegalArgumentException("pruning from " + from + " to " + to + " between steps " + begin
                    + " and " + end + " every " + every + " is not possible; shares grow, and steps begin at 1");
        }
    }

    /** Whether there is a pruning after this step. */
    boolean due(long step) {
        return step == end || step >= begin && step < end && (step - begin) % every == 0;
    }

    /** The share of weights that are 0 after so many steps. */
    public double amount(long step) {
        if (step < begin) {
            return 0;
        }
        double left = step >= end ? 0 : 1 - (double) (step - begin) / (end - begin);
        return to + (from - to) * left * left * left;
    }
}
