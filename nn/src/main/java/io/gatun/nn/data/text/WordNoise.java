package io.gatun.nn.data.text;

import io.gatun.nn.data.SplitMix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Augmentation of training texts, never of evaluation data: random deletion, insertion and swap of words (Wei and Zou,
 * 2019, "EDA", without its dictionary of synonyms: what is inserted is another word of the same text). Works on words or
 * tokens; the given list stays as it is. Drawn from (seed, epoch, sample) alone, so a resumed run sees the same texts.
 *
 * @param delete chance that a word is dropped, in [0, 1]; one word always stays
 * @param insert words inserted, as a share of the text's, at least 0
 * @param swap pairs of words exchanged, as a share of the text's, at least 0
 * @param seed of all epochs
 */
public record WordNoise(double delete, double insert, double swap, long seed) {

    /** @throws IllegalArgumentException when a number is outside its range */
    public WordNoise {
        if (!(delete >= 0 && delete <= 1) || !(insert >= 0 && insert <= 10) || !(swap >= 0 && swap <= 10)) {
            throw new IllegalArgumentException("word noise of delete " + delete + ", insert " + insert + ", swap "
                    + swap + ": a chance in [0, 1] and shares in [0, 10] are needed");
        }
    }

    /** A noisy copy; a share that is not 0 inserts or exchanges at least once, as in the paper. */
    public <T> List<T> apply(List<T> text, long epoch, long sample) {
        SplitMix random = SplitMix.of(seed, epoch, sample);
        List<T> words = new ArrayList<>(text);
        if (words.isEmpty()) {
            return words;
        }
        for (int i = count(swap, text.size()); i > 0 && words.size() > 1; i--) {
            int a = random.below(words.size());
            // Any place but a.
            int b = (a + 1 + random.below(words.size() - 1)) % words.size();
            Collections.swap(words, a, b);
        }
        for (int i = count(insert, text.size()); i > 0; i--) {
            T word = words.get(random.below(words.size()));
            words.add(random.below(words.size() + 1), word);
        }
        return delete > 0 ? deleted(words, random) : words;
    }

    private static int count(double share, int words) {
        return share == 0 ? 0 : Math.max(1, (int) (share * words));
    }

    private <T> List<T> deleted(List<T> words, SplitMix random) {
        List<T> left = new ArrayList<>();
        for (T word : words) {
            if (random.unit() >= delete) {
                left.add(word);
            }
        }
        if (left.isEmpty()) {
            left.add(words.get(random.below(words.size())));
        }
        return left;
    }
}
