package io.gatun.perf.train;

import io.gatun.autograd.Losses;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Loss;
import io.gatun.nn.Rnn;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.sample.SlidingWindows;
import io.gatun.nn.data.table.Matrix;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.metric.RegressionError;
import io.gatun.nn.model.ManyToOne;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Forecasting a noisy series by a plain recurrent net: 40 values are shown, the next is to be said. The series is the sum of
 * two sine waves whose periods have no common multiple, so it never repeats, and noise of deviation 0.1.
 *
 * <p>The naive forecast says the last value again. Nothing can foresee the noise, so no mean absolute error is below 0.1·√(2/π)
 * = 0.0798. The series is cut in time: the net is tested on what comes after all that it has learned from.
 *
 * <p>Result (seed 1, two cores): mean absolute error 0.0853, of the naive forecast 0.5530, in 2 s.
 */
final class SineRecipe extends SupervisedRecipe {
    private static final int LENGTH = 8_000;
    private static final double TEST = 0.2;
    private static final double NOISE = 0.1;
    private static final int WINDOW = 40;
    private static final int HIDDEN = 32;
    private static final int BATCH = 64;
    private static final int EPOCHS = 12;
    private static final float RATE = 3e-3f;
    private static final float CLIP = 1;

    /** A window's value has the shape [1, 1], a prediction [1]. */
    private static final Loss ERROR = (predicted, next) ->
            Losses.mse(predicted, next.reshape(predicted.shape().dims()));

    private final SlidingWindows.Parts parts;

    /** The mean absolute error of a forecast that says a window's last value again. */
    private final double naive;

    SineRecipe(TrainOptions asked, NativeMemory memory) {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, Trainable.GENERATED);
        SlidingWindows.Parts windows = new SlidingWindows(series(options.seed()), WINDOW, 1, 1).parts(0, TEST);
        super(options, new ManyToOne(new Rnn(1, HIDDEN, 1), 1), memory, net -> new SupervisedTask(
                        net,
                        ERROR,
                        DataLoader.training(windows.train(), options.batch(), options.seed()),
                        DataLoader.evaluation(windows.test(), options.batch()),
                        memory)
                .unit("windows"));
        parts = windows;
        naive = naive(windows.test());
    }

    private static Matrix series(long seed) {
        SplitMix random = SplitMix.of(seed, 1);
        float[] values = new float[LENGTH];
        for (int t = 0; t < LENGTH; t++) {
            double wave = StrictMath.sin(2 * Math.PI * t / 25) + 0.5 * StrictMath.sin(2 * t);
            values[t] = (float) (wave + NOISE * GeneratedPoints.gauss(random));
        }
        return new Matrix(LENGTH, 1, values);
    }

    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "generated: %,d windows of %d values to learn from, %,d later ones to test on; mean absolute error of"
                        + " the last value %.4f, of the noise alone %.4f",
                parts.train().size(),
                WINDOW,
                parts.test().size(),
                naive,
                noise());
    }

    private static double naive(SlidingWindows test) {
        float[] inputs = test.inputs();
        float[] targets = test.targets();
        double sum = 0;
        for (int i = 0; i < targets.length; i++) {
            sum += Math.abs(targets[i] - inputs[(i + 1) * WINDOW - 1]);
        }
        return sum / targets.length;
    }

    /** The mean of |x| of a normal distribution. */
    private static double noise() {
        return NOISE * Math.sqrt(2 / Math.PI);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        Schedule schedule = Schedule.cosine(options().learningRate(), 0, steps());
        return new AdamW(kernels, memory, parameters(), schedule, AdamW.Options.DEFAULT).clipNorm(CLIP);
    }

    @Override
    public List<Metric> metrics() {
        return List.of(RegressionError.mae());
    }

    @Override
    public Map<String, Double> figures() {
        return Map.of("naive_mae", naive, "noise_mae", noise());
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "result      test mean absolute error %.4f, of the last value %.4f, of the noise alone %.4f; %.0f"
                        + " windows/s, %.0f s%n",
                summary.test().metric("mae"),
                naive,
                noise(),
                summary.itemsPerSecond(),
                summary.seconds());
    }
}
