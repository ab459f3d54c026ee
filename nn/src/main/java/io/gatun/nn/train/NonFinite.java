package io.gatun.nn.train;

/**
 * What a trainer does about a loss or a gradient that is NaN or infinite.
 *
 * @param skips how many batches in a row are left out before it throws after all; 0 throws at once
 */
public record NonFinite(int skips) {
    /** Throw {@link NonFiniteException} before the parameters are touched. Gradients are not looked at. */
    public static final NonFinite THROW = new NonFinite(0);

    public NonFinite {
        if (skips < 0) {
            throw new IllegalArgumentException("skipping " + skips + " batches is not possible; 0 throws at once");
        }
    }

    /**
     * Leave such a batch out: the parameters, the optimizer, running statistics and carried states stay as they were, and
     * the schedule does not advance. Costs one more pass over the gradients a step. {@link ReduceOnPlateau#alsoAfterSkips}
     * lowers the rate besides.
     */
    public static NonFinite skip(int atMostInARow) {
        return new NonFinite(atMostInARow);
    }
}
