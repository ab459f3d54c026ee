package io.gatun.perf.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.CharText;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.log.ModelGraph;
import io.gatun.nn.log.TensorBoard;
import io.gatun.nn.metric.Accuracy;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.metric.Perplexity;
import io.gatun.nn.model.CharGru;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.model.CharRnn;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.CharSampler;
import io.gatun.nn.train.Task;
import io.gatun.nn.train.TextTask;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A character LSTM or GRU by AdamW with clipped gradients; it writes a few lines after each epoch.
 *
 * <p>Both have 256 units and learn the same text in the same order, so their results can be compared: seed 1, two cores, the
 * class names of JDK 25, LSTM 1.254 nats a character, GRU 1.225.
 *
 * @param <S> the state of a layer
 */
final class CharRnnRecipe<S> implements Recipe {
    private static final int BATCH = 32;
    private static final int STEPS = 64;
    private static final int EPOCHS = 12;
    private static final float RATE = 4e-3f;
    private static final float CLIP = 1;
    private static final int WIDTH = 32;
    private static final int HIDDEN = 256;
    private static final int LAYERS = 1;
    private static final float TEMPERATURE = 0.8f;
    private static final int SAMPLES = 6;
    private static final int LONGEST = 60;

    private final NativeMemory memory;
    private final TrainOptions options;
    private final CharText text;
    private final CharRnn<S> model;
    private final Parameters parameters;
    private final TextTask<S> task;
    private List<String> written = List.of();

    /** A model of so many characters; the numbers are those of its constructor. */
    @FunctionalInterface
    private interface Maker<S> {
        CharRnn<S> make(int vocabulary, int width, int hidden, int layers, float dropout);
    }

    static CharRnnRecipe<LstmState> lstm(TrainOptions asked, NativeMemory memory) throws IOException {
        return new CharRnnRecipe<>(asked, memory, CharLstm::new);
    }

    static CharRnnRecipe<Tensor> gru(TrainOptions asked, NativeMemory memory) throws IOException {
        return new CharRnnRecipe<>(asked, memory, CharGru::new);
    }

    private CharRnnRecipe(TrainOptions asked, NativeMemory memory, Maker<S> maker) throws IOException {
        this.memory = memory;
        options = asked.or(BATCH, EPOCHS, RATE, "jdk");
        text = DataSource.parseText(options.data()).loadText(options.seed());
        model = maker.make(text.vocabulary().size(), WIDTH, HIDDEN, LAYERS, 0);
        parameters = model.allocate(memory, options.seed());
        try {
            task = new TextTask<>(model, text, STEPS, options.batch(), memory);
        } catch (RuntimeException e) {
            parameters.close();
            throw e;
        }
    }

    @Override
    public TrainOptions options() {
        return options;
    }

    @Override
    public Task task() {
        return task;
    }

    @Override
    public String dataLine() {
        return TextLines.data(options.data(), text);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory optimizerMemory) {
        long steps = (long) options.epochs() * task.stepsPerEpoch();
        Schedule schedule = Schedule.cosine(options.learningRate(), Math.min(50, steps / 4), steps);
        return new AdamW(kernels, optimizerMemory, parameters, schedule, AdamW.Options.DEFAULT).clipNorm(CLIP);
    }

    @Override
    public Optional<Callback> callback(Tape tape, PrintWriter out) {
        CharSampler<S> sampler = new CharSampler<>(model, text.vocabulary(), TEMPERATURE);
        return Optional.of(new Callback() {
            @Override
            public boolean onEpoch(EpochReport report) {
                long seed = options.seed() + report.epoch();
                out.println("  writes: " + String.join("  ", sampler.lines(tape, memory, SAMPLES, LONGEST, seed)));
                return true;
            }
        });
    }

    @Override
    public List<Metric> metrics() {
        return List.of(new Accuracy(), new Perplexity());
    }

    @Override
    public Map<String, Object> results(Tape tape) {
        CharSampler<S> sampler = new CharSampler<>(model, text.vocabulary(), TEMPERATURE);
        written = sampler.lines(tape, memory, 4 * SAMPLES, LONGEST, options.seed() + options.epochs());
        return Map.of("texts", written);
    }

    @Override
    public Optional<ModelGraph> graph(Tape tape) {
        try (var _ = tape.noGrad()) {
            tape.reset(tape.step());
            return Optional.of(ModelGraph.of(model, tape.integers(Shape.of(1, 1), 0)));
        }
    }

    @Override
    public void show(TensorBoard board, long step) throws IOException {
        board.text("writes", String.join("  \n", written), step);
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        TextLines.result(out, summary, text, summary.itemsPerSecond());
    }

    @Override
    public void close() {
        task.close();
        parameters.close();
    }
}
