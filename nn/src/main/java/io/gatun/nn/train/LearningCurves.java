package io.gatun.nn.train;

import java.util.ArrayList;
import java.util.List;

/**
 * The losses of each epoch on training and test data, and what they say. Trends are slopes of least-squares lines through
 * the last {@code window} epochs, so that one bad epoch does not decide.
 */
public final class LearningCurves implements Callback {
    /** What the curves look like. */
    public enum Signal {
        /** Fewer epochs than a window. */
        TOO_EARLY,
        /** Both losses still fall, or nothing stands out. */
        LEARNING,
        /** The test loss rises while the training loss falls: it learns the training set by heart. */
        OVERFITTING,
        /** Neither loss moves and the training loss is still close to where it began: the model or the rate is too small. */
        UNDERFITTING,
        /** Neither loss moves any more. */
        CONVERGED
    }

    private final int window;
    private final double still;
    private final List<Double> train = new ArrayList<>();
    private final List<Double> test = new ArrayList<>();

    /** Windows of 5 epochs; a slope below 0.1 % of the first loss an epoch is none. */
    public LearningCurves() {
        this(5, 1e-3);
    }

    /**
     * @param window epochs, at least 2
     * @param still slopes below this share of the first loss, by epoch, count as none
     */
    public LearningCurves(int window, double still) {
        if (window < 2 || !(still > 0)) {
            throw new IllegalArgumentException(
                    "learning curves: a window of " + window + " epochs must be at least 2, and " + still + " above 0");
        }
        this.window = window;
        this.still = still;
    }

    /** Takes the next epoch. */
    public void add(double trainLoss, double testLoss) {
        train.add(trainLoss);
        test.add(testLoss);
    }

    @Override
    public boolean onEpoch(EpochReport report) {
        add(report.trainLoss(), report.test().loss());
        return true;
    }

    /** Test loss less training loss of the latest epoch; NaN before the first. */
    public double gap() {
        return train.isEmpty() ? Double.NaN : test.getLast() - train.getLast();
    }

    /** Slope of the training loss over the window, by epoch; NaN where there are too few. */
    public double trainTrend() {
        return slope(train);
    }

    /** Slope of the test loss over the window, by epoch; NaN where there are too few. */
    public double testTrend() {
        return slope(test);
    }

    private double slope(List<Double> losses) {
        if (losses.size() < window) {
            return Double.NaN;
        }
        double middle = (window - 1) / 2.0;
        double products = 0;
        double squares = 0;
        for (int i = 0; i < window; i++) {
            products += (i - middle) * losses.get(losses.size() - window + i);
            squares += (i - middle) * (i - middle);
        }
        return products / squares;
    }

    /** What the latest {@code window} epochs look like. */
    public Signal signal() {
        if (train.size() < window) {
            return Signal.TOO_EARLY;
        }
        double none = still * Math.abs(train.getFirst());
        boolean trainMoves = Math.abs(trainTrend()) >= none;
        boolean testMoves = Math.abs(testTrend()) >= none;
        if (testMoves && testTrend() > 0 && trainTrend() <= 0) {
            return Signal.OVERFITTING;
        }
        if (trainMoves || testMoves) {
            return Signal.LEARNING;
        }
        return train.getLast() > 0.9 * train.getFirst() ? Signal.UNDERFITTING : Signal.CONVERGED;
    }
}
