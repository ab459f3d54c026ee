package io.gatun.nn.train;

/**
 * A figure of the evaluation that decides something, and what counts as better.
 *
 * @param metric a name of {@link Evaluation#all}: {@code loss}, {@code accuracy}, {@code f1_macro}; or {@code train_loss}
 * @param mode whether less or more is better
 * @param minDelta the least change that counts, at least 0
 */
public record Monitor(String metric, Mode mode, double minDelta) {
    /** What is better. */
    public enum Mode {
        MIN,
        MAX
    }

    static final String TRAIN_LOSS = "train_loss";

    public Monitor {
        if (!(minDelta >= 0)) {
            throw new IllegalArgumentException("monitor of " + metric + ": minDelta " + minDelta + " is below 0");
        }
    }

    /** Less is better, by whatever little. */
    public static Monitor min(String metric) {
        return new Monitor(metric, Mode.MIN, 0);
    }

    /** More is better, by whatever little. */
    public static Monitor max(String metric) {
        return new Monitor(metric, Mode.MAX, 0);
    }

    /** The same where less than {@code newMinDelta} is no improvement. */
    public Monitor withMinDelta(double newMinDelta) {
        return new Monitor(metric, mode, newMinDelta);
    }

    /** @throws IllegalArgumentException if the evaluation has no such figure */
    double of(Callback.EpochReport report) {
        return metric.equals(TRAIN_LOSS) ? report.trainLoss() : report.test().metric(metric);
    }

    /** Whether {@code value} is better than {@code best} by more than minDelta; any number is better than NaN. */
    public boolean better(double value, double best) {
        if (Double.isNaN(best) || Double.isNaN(value)) {
            return !Double.isNaN(value);
        }
        return mode == Mode.MIN ? value < best - minDelta : value > best + minDelta;
    }
}
