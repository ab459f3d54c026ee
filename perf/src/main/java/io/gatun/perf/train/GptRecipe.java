package io.gatun.perf.train;

import io.gatun.autograd.Tape;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Loss;
import io.gatun.nn.data.CharText;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Field;
import io.gatun.nn.data.TensorDataset;
import io.gatun.nn.log.TensorBoard;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.metric.Perplexity;
import io.gatun.nn.model.Gpt;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.GptSampler;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A tiny GPT over characters: at each place of a window it says what the next character is, from those before it in the
 * window. Two layers of width 128 and four heads. AdamW, warm-up and cosine, clipped gradients.
 *
 * <p>Result (seed 1, two cores, class names of JDK 25): test loss 1.283 nats a character, in 51 s; the frequencies of
 * characters alone give 3.463.
 */
final class GptRecipe extends SupervisedRecipe {
    private static final int WINDOW = 64;
    private static final int WIDTH = 128;
    private static final int HEADS = 4;
    private static final int LAYERS = 2;
    private static final float DROPOUT = 0;
    private static final int BATCH = 32;
    private static final int EPOCHS = 8;
    private static final float RATE = 2e-3f;
    private static final float CLIP = 1;
    private static final float TEMPERATURE = 0.8f;
    private static final int SAMPLES = 6;

    private final Gpt model;
    private final CharText text;
    private List<String> written = List.of();

    GptRecipe(TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, "jdk");
        CharText loaded = DataSource.parseText(options.data()).loadText(options.seed());
        int shortest = Math.min(loaded.train().length, loaded.test().length) - 1;
        int window = Math.min(WINDOW, shortest);
        // Half a window further each time: each character is seen with much before it once in an epoch.
        Dataset train = windows(loaded.train(), window, Math.max(1, window / 2));
        Dataset test = windows(loaded.test(), window, window);
        Gpt net = new Gpt(loaded.vocabulary().size(), window, WIDTH, HEADS, LAYERS, DROPOUT);
        super(options, net, memory, gpt -> new SupervisedTask(
                        gpt,
                        Loss.CROSS_ENTROPY,
                        DataLoader.training(train, options.batch(), options.seed()),
                        DataLoader.evaluation(test, options.batch()),
                        memory)
                .unit("windows"));
        model = net;
        text = loaded;
    }

    /** {@code tokens} i32 [window], and {@code next}: the same one further on. */
    private static Dataset windows(int[] stream, int window, int stride) {
        int count = (stream.length - 1 - window) / stride + 1;
        int[] tokens = new int[count * window];
        int[] next = new int[count * window];
        for (int i = 0; i < count; i++) {
            System.arraycopy(stream, i * stride, tokens, i * window, window);
            System.arraycopy(stream, i * stride + 1, next, i * window, window);
        }
        Shape shape = Shape.of(window);
        return new TensorDataset(
                count,
                List.of(new Field("tokens", DType.I32, shape), new Field("next", DType.I32, shape)),
                List.of(MemorySegment.ofArray(tokens), MemorySegment.ofArray(next)));
    }

    @Override
    public String dataLine() {
        return TextLines.data(options().data(), text);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        Schedule schedule = Schedule.cosine(options().learningRate(), Math.min(100, steps() / 4), steps());
        return new AdamW(kernels, memory, parameters(), schedule, AdamW.Options.DEFAULT).clipNorm(CLIP);
    }

    @Override
    public Optional<Callback> callback(Tape tape, PrintWriter out) {
        GptSampler sampler = new GptSampler(model, text.vocabulary(), TEMPERATURE);
        return Optional.of(new Callback() {
            @Override
            public boolean onEpoch(EpochReport report) {
                long seed = options().seed() + report.epoch();
                out.println("  writes: " + String.join("  ", sampler.lines(tape, SAMPLES, seed)));
                return true;
            }
        });
    }

    @Override
    public List<Metric> metrics() {
        return List.of(new Perplexity());
    }

    @Override
    public Map<String, Object> results(Tape tape) {
        GptSampler sampler = new GptSampler(model, text.vocabulary(), TEMPERATURE);
        written = sampler.lines(tape, 4 * SAMPLES, options().seed() + options().epochs());
        return Map.of("texts", written);
    }

    @Override
    public void show(TensorBoard board, long step) throws IOException {
        board.text("writes", String.join("  \n", written), step);
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        TextLines.result(out, summary, text, summary.itemsPerSecond() * model.longest());
    }
}
