package io.gatun.nn.recurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.BeamDecoder;
import io.gatun.nn.BeamDecoder.Found;
import io.gatun.nn.DecoderStep;
import io.gatun.nn.GreedyDecoder;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoders of a small made-up language, against looking at all of its sequences. */
class DecoderTest {
    private static final int BEGIN = 0;
    private static final int END = 1;
    private static final int VOCABULARY = 4;
    private static final int LONGEST = 5;

    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), true);
    private Kernels kernels;
    private Tape tape;

    @BeforeEach
    void open() {
        kernels = Kernels.open("simd", 1);
        tape = new Tape(kernels, memory);
        tape.reset(1);
    }

    @AfterEach
    void close() {
        tape.close();
        kernels.close();
        assertThat(memory.leaks()).isEmpty();
    }

    /** Logits that depend on the row's own language, on the token, and on the sum of all tokens before: the state. */
    private static float[] logits(int language, int token, int sum) {
        SplittableRandom random = new SplittableRandom(1000L * language + 31L * token + sum);
        float[] logits = new float[VOCABULARY];
        for (int i = 0; i < VOCABULARY; i++) {
            logits[i] = i == BEGIN ? Float.NEGATIVE_INFINITY : (float) (2 * random.nextGaussian());
        }
        logits[END] -= 1;
        return logits;
    }

    private DecoderStep.Next next(Tensor tokens, List<Tensor> state) {
        int rows = tokens.shape().dim(0);
        float[] given = state.getFirst().toArray();
        float[] sums = new float[2 * rows];
        float[] logits = new float[rows * VOCABULARY];
        for (int row = 0; row < rows; row++) {
            int token = tokens.data().getAtIndex(ValueLayout.JAVA_INT, row);
            int language = (int) given[2 * row];
            sums[2 * row] = language;
            sums[2 * row + 1] = given[2 * row + 1] + token;
            System.arraycopy(
                    logits(language, token, (int) given[2 * row + 1]), 0, logits, row * VOCABULARY, VOCABULARY);
        }
        return new DecoderStep.Next(
                tape.tensor(Shape.of(rows, VOCABULARY), logits), List.of(tape.tensor(Shape.of(rows, 2), sums)));
    }

    private List<Tensor> languages(int count) {
        float[] state = new float[2 * count];
        for (int i = 0; i < count; i++) {
            state[2 * i] = i;
        }
        return List.of(tape.tensor(Shape.of(count, 2), state));
    }

    /** All sequences of a language, with what they are worth, the best first. */
    private static List<Found> all(int language, double penalty) {
        List<Found> all = new ArrayList<>();
        collect(language, new int[0], BEGIN, 0, 0, penalty, all);
        all.sort(Comparator.comparingDouble(f -> -f.score()));
        return all;
    }

    private static void collect(
            int language, int[] tokens, int last, int sum, double probability, double penalty, List<Found> all) {
        float[] logits = logits(language, last, sum);
        double norm = 0;
        for (float logit : logits) {
            norm += Math.exp(logit);
        }
        for (int token = 1; token < VOCABULARY; token++) {
            double next = probability + logits[token] - Math.log(norm);
            int length = tokens.length + 1;
            int[] longer = Arrays.copyOf(tokens, length);
            longer[length - 1] = token;
            if (token == END || length == LONGEST) {
                all.add(new Found(token == END ? tokens : longer, next, next / Math.pow(length, penalty)));
            } else {
                collect(language, longer, token, sum + last, next, penalty, all);
            }
        }
    }

    /** With room for every beginning a beam finds the best sequences of all, in their order. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.6, 1, 2})
    void aWideBeamFindsWhatSearchingAllFinds(double penalty) {
        BeamDecoder decoder = new BeamDecoder(BEGIN, END, LONGEST, 40, penalty);
        List<List<Found>> found = decoder.decode(tape, this::next, 3, languages(3));
        for (int language = 0; language < 3; language++) {
            List<Found> wanted = all(language, penalty);
            for (int i = 0; i < 8; i++) {
                Found actual = found.get(language).get(i);
                assertThat(actual.tokens())
                        .as("language %d, %d", language, i)
                        .isEqualTo(wanted.get(i).tokens());
                assertThat(actual.score()).isCloseTo(wanted.get(i).score(), Offset.offset(1e-5));
                assertThat(actual.logProbability()).isCloseTo(wanted.get(i).logProbability(), Offset.offset(1e-5));
            }
        }
    }

    @Test
    void aNarrowBeamIsNoWorseThanGreedy() {
        int[][] greedy = new GreedyDecoder(BEGIN, END, LONGEST).decode(tape, this::next, 5, languages(5));
        List<List<Found>> found = new BeamDecoder(BEGIN, END, LONGEST, 3, 0).decode(tape, this::next, 5, languages(5));
        for (int language = 0; language < 5; language++) {
            List<Found> all = all(language, 0);
            int[] tokens = greedy[language];
            Found same = all.stream()
                    .filter(f -> Arrays.equals(f.tokens(), tokens))
                    .findFirst()
                    .orElseThrow();
            assertThat(found.get(language).getFirst().logProbability())
                    .isGreaterThanOrEqualTo(same.logProbability() - 1e-5);
            assertThat(found.get(language)).hasSizeLessThanOrEqualTo(3);
        }
    }

    /** The most probable token at each step, row by row; rows that have ended do not disturb the others. */
    @Test
    void greedyTakesTheMostProbable() {
        int[][] written = new GreedyDecoder(BEGIN, END, LONGEST).decode(tape, this::next, 6, languages(6));
        for (int language = 0; language < 6; language++) {
            List<Integer> wanted = new ArrayList<>();
            int token = BEGIN;
            int sum = 0;
            while (wanted.size() < LONGEST) {
                float[] logits = logits(language, token, sum);
                sum += token;
                token = END;
                for (int i = 2; i < VOCABULARY; i++) {
                    token = logits[i] > logits[token] ? i : token;
                }
                if (token == END) {
                    break;
                }
                wanted.add(token);
            }
            assertThat(written[language])
                    .as("language %d", language)
                    .containsExactly(wanted.stream().mapToInt(Integer::intValue).toArray());
        }
        assertThat(Arrays.stream(written).mapToInt(w -> w.length).distinct().count())
                .isGreaterThan(1);
    }

    @Test
    void refusesWhatCannotBe() {
        DecoderStep broken = (tokens, state) -> new DecoderStep.Next(tape.tensor(Shape.of(1, 2), 0, Float.NaN), state);
        assertThatThrownBy(() -> new GreedyDecoder(0, 1, 3).decode(tape, broken, 1, List.of()))
                .hasMessageContaining("logit 1 of row 0 is NaN");
        assertThatThrownBy(() -> new BeamDecoder(0, 1, 3, 1, 0).decode(tape, broken, 1, List.of()))
                .hasMessageContaining("logit 1 is NaN");
        assertThatThrownBy(() -> new BeamDecoder(0, 1, 3, 0, 0)).hasMessageContaining("0 beams");
        assertThat(tape.recording()).isTrue();
    }
}
