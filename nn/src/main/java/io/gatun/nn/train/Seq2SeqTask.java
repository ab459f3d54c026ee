package io.gatun.nn.train;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.GreedyDecoder;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.text.PaddedBatch;
import io.gatun.nn.model.Seq2Seq;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * Learning to write a target for each source, by cross-entropy with teacher forcing: at each place the decoder is given the
 * right token and shall say the next. The accuracy of an evaluation is a harder one: the share of test sources whose whole
 * target a greedy decoder writes, which is given nothing but the source.
 */
public final class Seq2SeqTask implements Task {
    /** No token: targets behind the end, which the loss ignores. */
    private static final int NOTHING = -100;

    /**
     * A sequence and what is to be written for it.
     *
     * @param source tokens, at least one
     * @param target tokens, without {@link Seq2Seq#BEGIN} and {@link Seq2Seq#END}
     */
    public record Pair(int[] source, int[] target) {
        /** @throws IllegalArgumentException if there is no source */
        public Pair {
            if (source.length == 0) {
                throw new IllegalArgumentException("a pair without source cannot be learned; give at least one token");
            }
        }
    }

    private final Seq2Seq model;
    private final LongFunction<List<Pair>> train;
    private final List<Pair> test;
    private final int batch;
    private final int perEpoch;
    private final int longest;

    /** Of epoch {@link #taken}. */
    private List<Pair> pairs;

    private long taken;
    private long next;
    private int items;
    private int[][] written = {};

    /**
     * The model must have its memory.
     *
     * @param train what to learn from in an epoch, from 0, in that order: as many pairs for each, which depend on the epoch's
     *     number alone; {@link #shuffled} or new ones
     * @param batch pairs of a step; the last step of an epoch takes those that are left
     * @throws IllegalArgumentException if there is nothing to learn from or to test on
     */
    public Seq2SeqTask(Seq2Seq model, LongFunction<List<Pair>> train, List<Pair> test, int batch) {
        this.model = model;
        this.train = train;
        this.test = List.copyOf(test);
        this.batch = batch;
        this.pairs = train.apply(0);
        this.perEpoch = pairs.size();
        if (perEpoch == 0 || test.isEmpty() || batch < 1) {
            throw new IllegalArgumentException("Seq2SeqTask: " + perEpoch + " pairs to learn from, " + test.size()
                    + " to test on, batches of " + batch + "; give at least one of each");
        }
        // One more than any target with its end: a decoder that does not stop is wrong.
        longest = 2 + test.stream().mapToInt(pair -> pair.target.length).max().orElse(0);
        model.train();
    }

    /** All pairs in each epoch, in an order that follows from the seed and the epoch. */
    public static LongFunction<List<Pair>> shuffled(List<Pair> pairs, long seed) {
        List<Pair> all = List.copyOf(pairs);
        return epoch -> {
            int[] order = new int[all.size()];
            Arrays.setAll(order, i -> i);
            SplitMix.of(seed, epoch).shuffle(order);
            return Arrays.stream(order).mapToObj(all::get).toList();
        };
    }

    @Override
    public Parameters parameters() {
        return model.parameters();
    }

    @Override
    public int stepsPerEpoch() {
        return Math.ceilDiv(perEpoch, batch);
    }

    @Override
    public void seek(long epoch, int number) {
        next = epoch * stepsPerEpoch() + number;
    }

    @Override
    public Tensor forward(Tape tape) {
        long epoch = next / stepsPerEpoch();
        int from = (int) (next % stepsPerEpoch()) * batch;
        next++;
        if (taken != epoch) {
            pairs = train.apply(epoch);
            taken = epoch;
        }
        List<Pair> step = pairs.subList(from, Math.min(from + batch, perEpoch));
        items = step.size();
        Forced forced = forced(tape, step);
        return Losses.crossEntropy(forced.logits, forced.targets);
    }

    /** What the model says at each place, [t, b, vocabulary], and what it should, [t, b]. */
    private record Forced(Tensor logits, Tensor targets) {}

    private Forced forced(Tape tape, List<Pair> pairs) {
        // Given BEGIN a b c, wanted a b c END, behind it nothing.
        PaddedBatch given = padded(pairs, pair -> with(Seq2Seq.BEGIN, pair.target, 1), Seq2Seq.END);
        PaddedBatch wanted = padded(pairs, pair -> with(Seq2Seq.END, pair.target, 0), NOTHING);
        Shape shape = Shape.of(given.steps(), given.batch());
        Tensor logits = model.decode(tape.integers(shape, given.tokens()), encoded(tape, pairs))
                .logits();
        return new Forced(logits, tape.integers(shape, wanted.tokens()));
    }

    /** The padding of sources may be any token: nobody reads it. */
    private List<Tensor> encoded(Tape tape, List<Pair> pairs) {
        return model.encode(tape, padded(pairs, Pair::source, 0));
    }

    private static PaddedBatch padded(List<Pair> pairs, Function<Pair, int[]> part, int padding) {
        return PaddedBatch.of(
                pairs.stream().map(part).toList(), Integer.MAX_VALUE, padding, PaddedBatch.Truncation.END);
    }

    /** The target beginning at place {@code at}, 0 or 1, of one token more, which is {@code more}. */
    private static int[] with(int more, int[] target, int at) {
        int[] all = new int[target.length + 1];
        Arrays.fill(all, more);
        System.arraycopy(target, 0, all, at, target.length);
        return all;
    }

    @Override
    public int items() {
        return items;
    }

    @Override
    public String unit() {
        return "pairs";
    }

    @Override
    public Evaluation evaluate(Tape tape, Predictions predictions) {
        double loss = 0;
        int right = 0;
        int[][] all = new int[test.size()][];
        GreedyDecoder greedy = new GreedyDecoder(Seq2Seq.BEGIN, Seq2Seq.END, longest);
        model.eval();
        try (var _ = tape.noGrad()) {
            for (int from = 0; from < test.size(); from += batch) {
                List<Pair> some = test.subList(from, Math.min(from + batch, test.size()));
                tape.reset(tape.step());
                Forced forced = forced(tape, some);
                loss += Losses.crossEntropy(forced.logits, forced.targets).item() * (double) some.size();
                predictions.batch(forced.logits, forced.targets);
                int[][] decoded = greedy.decode(tape, model::next, some.size(), encoded(tape, some));
                for (int i = 0; i < decoded.length; i++) {
                    all[from + i] = decoded[i];
                    right += Arrays.equals(decoded[i], some.get(i).target) ? 1 : 0;
                }
            }
        } finally {
            model.train();
        }
        written = all;
        return new Evaluation(loss / test.size(), (double) right / test.size());
    }

    public Seq2Seq model() {
        return model;
    }

    /** What to test on. */
    public List<Pair> test() {
        return test;
    }

    /** What the latest evaluation wrote for each test pair; none before the first. */
    public List<int[]> written() {
        return List.of(written);
    }

    /** Nothing: all memory is the tape's. */
    @Override
    public void close() {}
}
