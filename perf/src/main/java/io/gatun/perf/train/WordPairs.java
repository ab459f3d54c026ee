package io.gatun.perf.train;

import io.gatun.nn.data.SplitMix;
import io.gatun.nn.model.Seq2Seq;
import io.gatun.nn.train.Seq2SeqTask;
import io.gatun.nn.train.Seq2SeqTask.Pair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Words of random letters, to be written in reverse or in alphabetic order; no word to test on is one to learn from. */
final class WordPairs {
    static final int SHORTEST = 3;
    static final int LONGEST = 10;

    /** What a source begins with; in targets these tokens are begin and end. */
    static final int REVERSE = Seq2Seq.BEGIN;

    static final int SORT = Seq2Seq.END;

    private static final int FIRST_LETTER = 2;
    static final int TOKENS = FIRST_LETTER + 26;

    private final long seed;
    private final List<Pair> test;
    private final Set<String> tested = new HashSet<>();

    WordPairs(int tests, long seed) {
        this.seed = seed;
        test = pairs(tests, SplitMix.of(seed, 1));
        test.forEach(pair -> tested.add(word(letters(pair))));
    }

    /** New ones for each epoch: nothing can be learned by heart. */
    List<Pair> train(int count, long epoch) {
        return pairs(count, SplitMix.of(seed, 2, epoch));
    }

    List<Pair> test() {
        return test;
    }

    private List<Pair> pairs(int count, SplitMix random) {
        List<Pair> pairs = new ArrayList<>(count);
        while (pairs.size() < count) {
            int[] letters = new int[SHORTEST + random.below(LONGEST - SHORTEST + 1)];
            Arrays.setAll(letters, _ -> FIRST_LETTER + random.below(TOKENS - FIRST_LETTER));
            if (!tested.contains(word(letters))) {
                pairs.add(pair(pairs.size() % 2 == 0 ? REVERSE : SORT, letters));
            }
        }
        return pairs;
    }

    private static int[] letters(Pair pair) {
        return Arrays.copyOfRange(pair.source(), 1, pair.source().length);
    }

    private static Pair pair(int kind, int[] letters) {
        int[] source = new int[letters.length + 1];
        source[0] = kind;
        System.arraycopy(letters, 0, source, 1, letters.length);
        int[] target = letters.clone();
        if (kind == SORT) {
            Arrays.sort(target);
        } else {
            Arrays.setAll(target, i -> letters[letters.length - 1 - i]);
        }
        return new Pair(source, target);
    }

    /** Letters, of which a decoder may write a {@code <} where it should not: begin. */
    static String word(int... tokens) {
        StringBuilder word = new StringBuilder();
        for (int token : tokens) {
            word.append(token < FIRST_LETTER ? '<' : (char) ('a' + token - FIRST_LETTER));
        }
        return word.toString();
    }

    /** {@code reverse abc}. */
    static String source(Pair pair) {
        return (pair.source()[0] == SORT ? "sort " : "reverse ") + word(letters(pair));
    }

    /** The share of test words of one kind of which the latest evaluation wrote all as it should be. */
    static double right(Seq2SeqTask task, int kind) {
        int all = 0;
        int right = 0;
        for (int i = 0; i < task.written().size(); i++) {
            Pair pair = task.test().get(i);
            if (pair.source()[0] == kind) {
                all++;
                right += Arrays.equals(pair.target(), task.written().get(i)) ? 1 : 0;
            }
        }
        return (double) right / all;
    }

    /** The first test words and what the latest evaluation wrote for them. */
    static List<String> lines(Seq2SeqTask task, int count) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < Math.min(count, task.written().size()); i++) {
            lines.add(source(task.test().get(i)) + ": " + word(task.written().get(i)));
        }
        return lines;
    }
}
