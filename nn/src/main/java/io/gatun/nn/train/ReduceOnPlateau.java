package io.gatun.nn.train;

import io.gatun.nn.optim.Plateau;

/**
 * Shows a figure of each evaluation to a {@link Plateau}, which lowers the rate when it no longer improves; whether more or
 * less is better its options say. The plateau's state is saved with the optimizer it is attached to.
 */
public final class ReduceOnPlateau implements Callback {
    private final Plateau plateau;
    private final Monitor monitor;
    private boolean afterSkips;

    /** @param metric a name of {@link Evaluation#all}, or {@code train_loss} */
    public ReduceOnPlateau(Plateau plateau, String metric) {
        this.plateau = plateau;
        this.monitor = Monitor.min(metric);
    }

    /** Lowers the rate after each skipped batch too ({@link NonFinite#skip}). */
    public ReduceOnPlateau alsoAfterSkips() {
        afterSkips = true;
        return this;
    }

    @Override
    public void onSkip(Training training) {
        if (afterSkips) {
            plateau.lower();
        }
    }

    @Override
    public boolean onEvaluation(Training training, EpochReport report) {
        plateau.observe(monitor.of(report));
        return true;
    }
}
