package io.gatun.nn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.BeamDecoder;
import io.gatun.nn.DecoderStep;
import io.gatun.nn.OnATape;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.text.PaddedBatch;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.Evaluation;
import io.gatun.nn.train.Seq2SeqTask;
import io.gatun.nn.train.Seq2SeqTask.Pair;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Words of two letters, 2 and 3, to be written in reverse. */
class Seq2SeqTest extends OnATape {
    private static final int TOKENS = 4;
    private static final int LONGEST = 4;

    /** All words of one to four letters: 30. */
    private static List<Pair> words() {
        List<Pair> pairs = new ArrayList<>();
        for (int length = 1; length <= LONGEST; length++) {
            for (int bits = 0; bits < 1 << length; bits++) {
                int[] word = new int[length];
                for (int i = 0; i < length; i++) {
                    word[i] = 2 + (bits >> i & 1);
                }
                int[] turned = new int[length];
                Arrays.setAll(turned, i -> word[word.length - 1 - i]);
                pairs.add(new Pair(word, turned));
            }
        }
        return pairs;
    }

    private static PaddedBatch batch(int[]... sequences) {
        return PaddedBatch.of(List.of(sequences), LONGEST, 0, PaddedBatch.Truncation.END);
    }

    @Test
    void learnsToReverse() throws IOException {
        Seq2Seq net = new Seq2Seq(TOKENS, TOKENS, 8, 16);
        List<Pair> words = words();
        try (Parameters parameters = net.allocate(memory, 1);
                var task = new Seq2SeqTask(net, Seq2SeqTask.shuffled(words, 1), words, 15);
                var adam = new AdamW(kernels, memory, parameters, Schedule.constant(0.02f), AdamW.Options.DEFAULT)) {
            assertThat(task.written()).isEmpty();
            assertThat(task.evaluate(tape).accuracy()).isLessThan(0.2);
            Evaluation test = new Trainer(task, adam, tape, 60).run().test();
            assertThat(test.accuracy()).isGreaterThan(0.9);
            assertThat(test.loss()).isLessThan(0.2);
            int right = 0;
            for (int i = 0; i < words.size(); i++) {
                right += Arrays.equals(task.written().get(i), words.get(i).target()) ? 1 : 0;
            }
            assertThat((double) right / words.size()).isEqualTo(test.accuracy());

            // What greedy decoding writes is among the best of a beam, and a short word certain.
            net.eval();
            tape.reset(9);
            List<Tensor> state = net.encode(tape, batch(words.get(2).source()));
            BeamDecoder beam = new BeamDecoder(Seq2Seq.BEGIN, Seq2Seq.END, LONGEST + 2, 3, 0);
            assertThat(beam.decode(tape, net::next, 1, state)
                            .getFirst()
                            .getFirst()
                            .tokens())
                    .isEqualTo(words.get(2).target());
        }
    }

    /** One call for all steps, as in training, says what one call for each says. */
    @Test
    void allStepsAtOnceAreStepByStep() {
        with(new Seq2Seq(5, TOKENS, 6, 8), net -> {
            net.eval();
            tape.reset(1);
            List<Tensor> state = net.encode(tape, batch(new int[] {4, 3, 2}, new int[] {2}));
            float[] whole = net.decode(tape.integers(Shape.of(3, 2), 0, 0, 2, 3, 3, 3), state)
                    .logits()
                    .toArray();
            int[][] tokens = {{0, 0}, {2, 3}, {3, 3}};
            for (int t = 0; t < 3; t++) {
                DecoderStep.Next next = net.next(tape.integers(Shape.of(2), tokens[t]), state);
                assertThat(next.logits().toArray())
                        .containsExactly(Arrays.copyOfRange(whole, 8 * t, 8 * t + 8), Offset.offset(1e-6f));
                state = next.state();
            }
        });
    }

    /** A source says the same alone and beside a longer one, whatever the padding is. */
    @Test
    void paddingSaysNothing() {
        with(new Seq2Seq(5, TOKENS, 6, 8), net -> {
            net.eval();
            tape.reset(1);
            float[] alone = logits(net, batch(new int[] {4, 2}), 1);
            PaddedBatch padded = batch(new int[] {4, 2}, new int[] {3, 2, 4, 4});
            float[] first = logits(net, padded, 2);
            padded.tokens()[4] = 3;
            padded.tokens()[6] = 4;
            assertThat(logits(net, padded, 2)).isEqualTo(first);
            assertThat(Arrays.copyOf(first, TOKENS)).containsExactly(alone, Offset.offset(1e-6f));
            assertThat(Arrays.copyOfRange(first, TOKENS, 2 * TOKENS)).isNotEqualTo(alone);
        });
    }

    private float[] logits(Seq2Seq net, PaddedBatch sources, int rows) {
        return net.next(tape.integers(Shape.of(rows), new int[rows]), net.encode(tape, sources))
                .logits()
                .toArray();
    }

    /** A resumed run goes to its place by a seek. */
    @Test
    void seekGivesTheSameBatches() {
        List<Pair> words = words();
        with(new Seq2Seq(TOKENS, TOKENS, 4, 6), net -> {
            Seq2SeqTask task = new Seq2SeqTask(net, Seq2SeqTask.shuffled(words, 5), words, 8);
            assertThat(task.stepsPerEpoch()).isEqualTo(4);
            float[] losses = new float[8];
            task.seek(0, 0);
            for (int i = 0; i < 8; i++) {
                losses[i] = loss(task);
                assertThat(task.items()).isEqualTo(i % 4 == 3 ? 6 : 8);
            }
            assertThat(losses).doesNotHaveDuplicates();
            task.seek(1, 2);
            assertThat(loss(task)).isEqualTo(losses[6]);
            task.seek(0, 1);
            assertThat(loss(task)).isEqualTo(losses[1]);
        });
    }

    private float loss(Seq2SeqTask task) {
        tape.reset(1);
        return task.forward(tape).item();
    }

    @Test
    void everyPairOnceInAnEpoch() {
        List<Pair> words = words();
        var epochs = Seq2SeqTask.shuffled(words, 5);
        assertThat(epochs.apply(0)).containsExactlyInAnyOrderElementsOf(words).isNotEqualTo(epochs.apply(1));
        int[] order = new int[words.size()];
        Arrays.setAll(order, i -> i);
        SplitMix.of(5, 3).shuffle(order);
        assertThat(epochs.apply(3).getFirst()).isSameAs(words.get(order[0]));
    }

    @Test
    void refusesWhatCannotBe() {
        Seq2Seq net = new Seq2Seq(TOKENS, TOKENS, 4, 6);
        assertThatThrownBy(() -> new Seq2SeqTask(net, _ -> List.of(), words(), 8))
                .hasMessageContaining("0 pairs");
        assertThatThrownBy(() -> new Pair(new int[0], new int[1])).hasMessageContaining("without source");
        assertThatThrownBy(() -> net.forward(null)).hasMessageContaining("encode the source");
    }
}
