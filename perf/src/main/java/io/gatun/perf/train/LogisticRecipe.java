package io.gatun.perf.train;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Loss;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.metric.Average;
import io.gatun.nn.metric.ClassScore;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.metric.RocAuc;
import io.gatun.nn.model.LogisticRegression;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Logistic regression: the probability of class 1 is sigmoid(w · x + b), and cross-entropy makes the right answers likely.
 *
 * <p>The classes are drawn with just such probabilities from known w and b. So even who knows them errs: the share that
 * they get right on the test points, which the data line shows, is what a perfect learner could reach.
 *
 * <p>Result (seed 1, two cores): accuracy 85.40 % (by the true weights: 85.35 %), area under ROC 0.929, in 2 s.
 */
final class LogisticRecipe extends SupervisedRecipe {
    private static final float[] WEIGHTS = {2, -1.5f, 1, 0, 0.5f, -2.5f};
    private static final float BIAS = -0.5f;
    private static final int TRAIN = 8_000;
    private static final int TEST = 2_000;
    private static final int BATCH = 64;
    private static final int EPOCHS = 10;
    private static final float RATE = 0.5f;

    private final double best;

    /** Points, their classes, and the share of classes that the true weights tell right. */
    private record Drawn(Dataset set, double best) {
        static Drawn of(int count, SplitMix random) {
            float[][] x = GeneratedPoints.normal(count, WEIGHTS.length, random);
            int[] labels = new int[count];
            int right = 0;
            for (int i = 0; i < count; i++) {
                double logit = GeneratedPoints.linear(WEIGHTS, BIAS, x[i]);
                labels[i] = random.unit() < 1 / (1 + StrictMath.exp(-logit)) ? 1 : 0;
                right += logit > 0 == labels[i] > 0 ? 1 : 0;
            }
            return new Drawn(Datasets.of(x, labels), (double) right / count);
        }
    }

    LogisticRecipe(TrainOptions asked, NativeMemory memory) {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, Trainable.GENERATED);
        Drawn train = Drawn.of(TRAIN, SplitMix.of(options.seed(), 1));
        Drawn test = Drawn.of(TEST, SplitMix.of(options.seed(), 2));
        super(
                options,
                new LogisticRegression(WEIGHTS.length),
                memory,
                net -> new SupervisedTask(
                        net,
                        Loss.CROSS_ENTROPY,
                        DataLoader.training(train.set, options.batch(), options.seed()),
                        DataLoader.evaluation(test.set, options.batch()),
                        memory));
        best = test.best;
    }

    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "generated: %,d points to learn from, %,d to test on, 2 classes; the true weights tell %.2f %% right",
                TRAIN,
                TEST,
                100 * best);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        Schedule schedule = Schedule.cosine(options().learningRate(), 0, steps());
        return new Sgd(kernels, memory, parameters(), schedule, Sgd.Options.PLAIN);
    }

    @Override
    public List<Metric> metrics() {
        return List.of(new RocAuc(), ClassScore.f1(2, Average.MACRO));
    }

    @Override
    public Map<String, Double> figures() {
        return Map.of("best_accuracy", best);
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "result      test accuracy %.2f %%, by the true weights %.2f %%; area under ROC %.4f, %.1f s%n",
                100 * summary.test().accuracy(),
                100 * best,
                summary.test().metric("roc_auc"),
                summary.seconds());
    }
}
