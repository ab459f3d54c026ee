package io.gatun.perf.train;

import io.gatun.autograd.MarginLosses;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.model.LogisticRegression;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import io.gatun.spec.Reduction;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;

/**
 * Rosenblatt's perceptron (1958): y = step(w · x + b), and after each single sample w += η (t - y) x, so nothing at all where it
 * was right. That is plain SGD with batches of one on the margin loss without a margin: max(0, -z) for a sample of class 1 and
 * max(0, z) for one of class 0, which the multi-margin loss halves.
 *
 * <p>The classes can be told apart by a plane, with no point nearer to it than γ = 0.1. Then the rule ends, after at most
 * (R/γ)² mistakes whatever the rate (Novikoff 1962), R the largest norm of a point and the 1 of the bias.
 */
final class PerceptronRecipe extends SupervisedRecipe {
    private static final float[] NORMAL = {0.6f, -0.48f, 0.64f};
    private static final float OFFSET = 0.2f;
    private static final double GAP = 0.1;
    private static final int TRAIN = 500;
    private static final int TEST = 500;
    private static final int BATCH = 1;
    private static final int EPOCHS = 10;
    private static final float RATE = 2;

    private final LogisticRegression model;
    private final Points train;

    /** Rows, and on which side of the plane each is. */
    private record Points(float[][] x, int[] labels) {
        Dataset set() {
            return Datasets.of(x, labels);
        }
    }

    PerceptronRecipe(TrainOptions asked, NativeMemory memory) {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, Trainable.GENERATED);
        Points drawn = separable(TRAIN, SplitMix.of(options.seed(), 1));
        Points test = separable(TEST, SplitMix.of(options.seed(), 2));
        LogisticRegression net = new LogisticRegression(NORMAL.length);
        super(
                options,
                net,
                memory,
                unit -> new SupervisedTask(
                        unit,
                        (z, labels) -> MarginLosses.multiMargin(z, labels, 1, 0, null, Reduction.SUM),
                        DataLoader.training(drawn.set(), options.batch(), options.seed()),
                        DataLoader.evaluation(test.set(), options.batch()),
                        memory));
        model = net;
        train = drawn;
    }

    /** Points of the normal distribution, but those near the plane. */
    private static Points separable(int count, SplitMix random) {
        float[][] x = new float[count][];
        int[] labels = new int[count];
        for (int i = 0; i < count; ) {
            x[i] = GeneratedPoints.normal(1, NORMAL.length, random)[0];
            double distance = GeneratedPoints.linear(NORMAL, OFFSET, x[i]);
            if (Math.abs(distance) >= GAP) {
                labels[i++] = distance > 0 ? 1 : 0;
            }
        }
        return new Points(x, labels);
    }

    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "generated: %,d points to learn from, %,d to test on, 2 classes that a plane separates by %.1f on each"
                        + " side",
                TRAIN,
                TEST,
                GAP);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        return new Sgd(
                kernels, memory, parameters(), Schedule.constant(options().learningRate()), Sgd.Options.PLAIN);
    }

    /** How many training points the learned plane has on the wrong side. */
    @Override
    public Map<String, Double> figures() {
        float[] weights = model.stateDict().get("linear.weight").toArray();
        float bias = model.stateDict().get("linear.bias").item();
        int wrong = 0;
        for (int i = 0; i < TRAIN; i++) {
            wrong += GeneratedPoints.linear(weights, bias, train.x[i]) > 0 == train.labels[i] > 0 ? 0 : 1;
        }
        return Map.of("train_errors", (double) wrong);
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "result      %.0f of %d training points wrong, test accuracy %.2f %%, %.1f s%n",
                figures().get("train_errors"),
                TRAIN,
                100 * summary.test().accuracy(),
                summary.seconds());
    }
}
