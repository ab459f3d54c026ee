package io.gatun.perf.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.log.TensorBoard;
import io.gatun.nn.model.Seq2Seq;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.Seq2SeqTask;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One net that learns two tasks, to write a word's letters in reverse and in their alphabetic order; the first token of the
 * source says which. Attention can be seen to walk back through the word, or to jump from letter to letter.
 *
 * <p>A word counts as right if all of it is, written by a greedy decoder.
 *
 * <p>Result (seed 1, two cores): of the words to be reversed 100 % are right, of those to be sorted 99.1 %, in 16 s.
 */
final class Seq2SeqRecipe implements Recipe {
    private static final int TRAIN = 8_000;
    private static final int TEST = 2_000;
    private static final int WIDTH = 32;
    private static final int HIDDEN = 64;
    private static final int BATCH = 64;
    private static final int EPOCHS = 20;
    private static final float RATE = 5e-3f;
    private static final float CLIP = 1;
    private static final int SHOWN = 4;

    private final TrainOptions options;
    private final Seq2Seq model;
    private final Parameters parameters;
    private final Seq2SeqTask task;
    private List<String> lines = List.of();

    Seq2SeqRecipe(TrainOptions asked, NativeMemory memory) {
        options = asked.or(BATCH, EPOCHS, RATE, Trainable.GENERATED);
        WordPairs words = new WordPairs(TEST, options.seed());
        model = new Seq2Seq(WordPairs.TOKENS, WordPairs.TOKENS, WIDTH, HIDDEN);
        parameters = model.allocate(memory, options.seed());
        task = new Seq2SeqTask(model, epoch -> words.train(TRAIN, epoch), words.test(), options.batch());
    }

    @Override
    public TrainOptions options() {
        return options;
    }

    @Override
    public Seq2SeqTask task() {
        return task;
    }

    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "generated: words of %d to %d letters, half to be reversed, half to be sorted; %,d new ones in each"
                        + " epoch, %,d others to test on",
                WordPairs.SHORTEST,
                WordPairs.LONGEST,
                TRAIN,
                TEST);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        long steps = (long) options.epochs() * task.stepsPerEpoch();
        Schedule schedule = Schedule.cosine(options.learningRate(), steps / 20, steps);
        return new AdamW(kernels, memory, parameters, schedule, AdamW.Options.DEFAULT).clipNorm(CLIP);
    }

    /** Some of the test words after each epoch, those that the latest evaluation wrote. */
    @Override
    public Optional<Callback> callback(Tape tape, PrintWriter out) {
        return Optional.of(new Callback() {
            @Override
            public boolean onEpoch(EpochReport report) {
                out.println("  writes: " + String.join("  ", WordPairs.lines(task, SHOWN)));
                return true;
            }
        });
    }

    /** The shares of words that are right as a whole, task by task. */
    @Override
    public Map<String, Double> figures() {
        return Map.of(
                "reversed", WordPairs.right(task, WordPairs.REVERSE), "sorted", WordPairs.right(task, WordPairs.SORT));
    }

    /** What is written for some words, what a beam search would write as well, and where the net looks. */
    @Override
    public Map<String, Object> results(Tape tape) {
        AttentionShown shown = new AttentionShown(model, task.test().subList(0, SHOWN));
        lines = shown.alternatives(tape);
        return Map.of("texts", lines, "pictures", shown.pictures(tape));
    }

    @Override
    public void show(TensorBoard board, long step) throws IOException {
        board.text("writes", String.join("  \n", lines), step);
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        Map<String, Double> shares = figures();
        out.printf(
                Locale.ROOT,
                "result      wholly right by greedy decoding: %.2f %% of the words to reverse, %.2f %% of those to"
                        + " sort; %.0f words/s, %.0f s%n",
                100 * shares.get("reversed"),
                100 * shares.get("sorted"),
                summary.itemsPerSecond(),
                summary.seconds());
    }

    @Override
    public void close() {
        task.close();
        parameters.close();
    }
}
