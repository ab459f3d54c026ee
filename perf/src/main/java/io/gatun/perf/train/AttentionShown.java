package io.gatun.perf.train;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.BeamDecoder;
import io.gatun.nn.data.text.PaddedBatch;
import io.gatun.nn.model.Seq2Seq;
import io.gatun.nn.train.Seq2SeqTask.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

/** What a {@link Seq2Seq} does with some words, one at a time. */
final class AttentionShown {
    private static final int BEAMS = 3;
    /** Pixels of an attention weight, in each direction. */
    private static final int CELL = 16;

    private final Seq2Seq model;
    private final List<Pair> pairs;

    AttentionShown(Seq2Seq model, List<Pair> pairs) {
        this.model = model;
        this.pairs = pairs;
    }

    /** Runs something on each pair as inference. */
    private <R> List<R> each(Tape tape, BiFunction<Pair, List<Tensor>, R> what) {
        List<R> all = new ArrayList<>();
        model.eval();
        try (var _ = tape.noGrad()) {
            for (Pair pair : pairs) {
                tape.reset(tape.step());
                PaddedBatch source =
                        PaddedBatch.of(List.of(pair.source()), pair.source().length, 0, PaddedBatch.Truncation.END);
                all.add(what.apply(pair, model.encode(tape, source)));
            }
        } finally {
            model.train();
        }
        return all;
    }

    /** The best that a beam search finds, each with its probability. */
    List<String> alternatives(Tape tape) {
        BeamDecoder beam = new BeamDecoder(Seq2Seq.BEGIN, Seq2Seq.END, 2 + WordPairs.LONGEST, BEAMS, 0);
        return each(tape, (pair, state) -> {
            StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-20s", WordPairs.source(pair)));
            for (BeamDecoder.Found found :
                    beam.decode(tape, model::next, 1, state).getFirst()) {
                line.append(String.format(
                        Locale.ROOT,
                        "%-12s %.4f   ",
                        WordPairs.word(found.tokens()),
                        Math.exp(found.logProbability())));
            }
            return line.toString().stripTrailing();
        });
    }

    /** Where the net looks while it is given the right letters: a row for each, a column for each token of the source. */
    List<Map<String, Object>> pictures(Tape tape) {
        return each(tape, (pair, state) -> {
            int[] target = pair.target();
            int[] given = new int[target.length];
            System.arraycopy(target, 0, given, 1, target.length - 1);
            given[0] = Seq2Seq.BEGIN;
            Tensor tokens = tape.integers(Shape.of(given.length, 1), given);
            float[] weights = model.decode(tokens, state).weights().toArray();
            int columns = pair.source().length;
            byte[] pixels = new byte[weights.length * CELL * CELL];
            for (int i = 0; i < pixels.length; i++) {
                int row = i / (columns * CELL) / CELL;
                int column = i % (columns * CELL) / CELL;
                pixels[i] = Pictures.toByte(255 * weights[row * columns + column]);
            }
            String caption = WordPairs.source(pair) + ": " + WordPairs.word(target) + " from top to bottom";
            return Pictures.forReport(caption, pixels, target.length * CELL, columns * CELL, 1);
        });
    }
}
