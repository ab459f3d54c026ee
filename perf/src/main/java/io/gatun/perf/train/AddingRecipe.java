package io.gatun.perf.train;

import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Loss;
import io.gatun.nn.Lstm;
import io.gatun.nn.RecurrentOptions;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Field;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.TensorDataset;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.metric.RegressionError;
import io.gatun.nn.model.ManyToOne;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The adding problem (Hochreiter and Schmidhuber 1997): of a long sequence of random numbers two are marked, one in each half,
 * and their sum is to be said at the end. A net that cannot remember does best by always saying 1, the mean, and its error is
 * the variance of such a sum, 1/6: an LSTM leaves it after some hundred steps.
 *
 * <p>Result (seed 1, two cores): error 0.00029 against 0.1667, in 6 s.
 */
final class AddingRecipe extends SupervisedRecipe {
    private static final int STEPS = 40;
    private static final int HIDDEN = 64;
    private static final int TRAIN = 10_000;
    private static final int TEST = 2_000;
    private static final int BATCH = 50;
    private static final int EPOCHS = 12;
    private static final float RATE = 5e-3f;
    private static final float CLIP = 1;

    /** The variance of a number of [0, 1) is 1/12. */
    private static final double ALWAYS_ONE = 2.0 / 12;

    AddingRecipe(TrainOptions asked, NativeMemory memory) {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, Trainable.GENERATED);
        // An open forget gate: at first the cell keeps what it has seen.
        Lstm lstm = new Lstm(2, HIDDEN, RecurrentOptions.DEFAULT.forgetBias(1));
        super(options, new ManyToOne(lstm, 1), memory, net -> new SupervisedTask(
                        net,
                        Loss.MSE,
                        DataLoader.training(
                                data(TRAIN, SplitMix.of(options.seed(), 1)), options.batch(), options.seed()),
                        DataLoader.evaluation(data(TEST, SplitMix.of(options.seed(), 2)), options.batch()),
                        memory)
                .unit("sequences"));
    }

    /** {@code sequence} [t, 2], each step a number of [0, 1) and whether it is marked; {@code sum} of the marked two. */
    private static Dataset data(int count, SplitMix random) {
        float[] sequences = new float[count * STEPS * 2];
        float[] sums = new float[count];
        for (int i = 0; i < count; i++) {
            int first = random.below(STEPS / 2);
            int second = STEPS / 2 + random.below(STEPS / 2);
            for (int t = 0; t < STEPS; t++) {
                float number = (float) random.unit();
                boolean marked = t == first || t == second;
                sequences[(i * STEPS + t) * 2] = number;
                sequences[(i * STEPS + t) * 2 + 1] = marked ? 1 : 0;
                sums[i] += marked ? number : 0;
            }
        }
        return new TensorDataset(
                count,
                List.of(new Field("sequence", DType.F32, Shape.of(STEPS, 2)), new Field("sum", DType.F32, Shape.of(1))),
                List.of(MemorySegment.ofArray(sequences), MemorySegment.ofArray(sums)));
    }

    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "generated: %,d sequences of %d numbers to learn from, %,d to test on; always to say 1 has error %.4f",
                TRAIN,
                STEPS,
                TEST,
                ALWAYS_ONE);
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
        return Map.of("always_one_loss", ALWAYS_ONE);
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "result      test error %.5f, of always saying 1 %.4f; %.0f sequences/s, %.0f s%n",
                summary.test().loss(),
                ALWAYS_ONE,
                summary.itemsPerSecond(),
                summary.seconds());
    }
}
