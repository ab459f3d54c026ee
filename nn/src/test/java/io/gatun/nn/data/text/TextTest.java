package io.gatun.nn.data.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.data.text.MaskedTokens.Masked;
import io.gatun.nn.data.text.PaddedBatch.Truncation;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TextTest {

    @Test
    void wordsOfAText() {
        assertThat(WordTokenizer.WHITESPACE.words("  The cat,\tsat.\n")).containsExactly("The", "cat,", "sat.");
        assertThat(WordTokenizer.WORDS.words("Don't stop: Größe 12!"))
                .containsExactly("don't", "stop", ":", "größe", "12", "!");
        assertThat(WordTokenizer.WORDS.words("")).isEmpty();
        assertThat(new WordTokenizer(Pattern.compile("[a-z]+"), false).words("a-bc"))
                .containsExactly("a", "bc");
        assertThatThrownBy(() -> new WordTokenizer(Pattern.compile("a*"), false))
                .hasMessageContaining("matches nothing");
    }

    @Test
    void theVocabularyIsByFrequencyThenAlphabet() {
        List<List<String>> texts = List.of(List.of("b", "a", "b", "c"), List.of("d", "d", "c", "<pad>"));
        WordVocabulary all = WordVocabulary.of(texts, 1, 100);
        assertThat(IntStream.range(0, all.size()).mapToObj(all::word))
                .containsExactly("<pad>", "<unk>", "<bos>", "<eos>", "b", "c", "d", "<pad>", "a");
        assertThat(all.encode(List.of("c", "z", "<pad>", "<unk>"))).containsExactly(5, WordVocabulary.UNK, 7, 1);
        assertThat(all.encodeSequence(List.of("b"))).containsExactly(WordVocabulary.BOS, 4, WordVocabulary.EOS);
        assertThat(all.decode(4, 1)).containsExactly("b", "<unk>");
        assertThat(WordVocabulary.of(texts, 2, 100).size()).isEqualTo(7);
        WordVocabulary small = WordVocabulary.of(texts, 1, 5);
        assertThat(small.encode(List.of("b", "c"))).containsExactly(4, WordVocabulary.UNK);
        assertThatThrownBy(() -> all.word(9)).hasMessageContaining("0..8");
        assertThatThrownBy(() -> WordVocabulary.of(texts, 1, 3)).hasMessageContaining("at most 3");
        WordVocabulary again = WordVocabulary.ofWords(all.words());
        assertThat(again.encode(List.of("c", "z", "<pad>", "b")))
                .containsExactly(5, WordVocabulary.UNK, 7, 4)
                .isEqualTo(all.encode(List.of("c", "z", "<pad>", "b")));
        assertThat(again.size()).isEqualTo(all.size());
        assertThatThrownBy(() -> WordVocabulary.ofWords(List.of("a", "b", "a"))).hasMessageContaining("one twice");
    }

    @Test
    void padsToTheLongest() {
        List<int[]> sequences = List.of(new int[] {1, 2, 3, 4, 5}, new int[] {6}, new int[] {}, new int[] {7, 8});
        PaddedBatch batch = PaddedBatch.of(sequences, 3, 0, Truncation.END);
        assertThat(batch.steps()).isEqualTo(3);
        assertThat(batch.lengths()).containsExactly(3, 1, 0, 2);
        assertThat(batch.tokens()).containsExactly(1, 6, 0, 7, 2, 0, 0, 8, 3, 0, 0, 0);
        assertThat(batch.mask()).containsExactly(1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0);
        assertThat(batch.nextTokens(-100))
                .containsExactly(2, -100, -100, 8, 3, -100, -100, -100, -100, -100, -100, -100);
        assertThat(PaddedBatch.of(sequences, 3, 9, Truncation.START).tokens())
                .containsExactly(3, 6, 9, 7, 4, 9, 9, 8, 5, 9, 9, 9);
        int[] copy = new int[12];
        batch.copyTokens(MemorySegment.ofArray(copy));
        assertThat(copy).isEqualTo(batch.tokens());
        assertThat(PaddedBatch.of(List.of(), 3, 0, Truncation.END).tokens()).isEmpty();
        assertThatThrownBy(() -> PaddedBatch.of(sequences, 0, 0, Truncation.END))
                .hasMessageContaining("at most 0");
    }

    @Test
    void masksFifteenInAHundred() {
        int n = 100_000;
        int[] tokens = new int[n];
        Arrays.fill(tokens, 7);
        MaskedTokens masking = new MaskedTokens(0.15, 99, 50, 1);
        Masked masked = masking.apply(tokens, 0, 0);
        int asked = 0;
        int[] how = new int[3];
        for (int i = 0; i < n; i++) {
            boolean here = masked.targets()[i] != MaskedTokens.IGNORE;
            assertThat(here ? masked.targets()[i] : masked.inputs()[i]).isEqualTo(7);
            if (here) {
                asked++;
                how[masked.inputs()[i] == 99 ? 0 : masked.inputs()[i] == 7 ? 1 : 2]++;
            }
        }
        assertThat(asked / (double) n).isCloseTo(0.15, within(0.006));
        assertThat(how[0] / (double) asked).isCloseTo(0.8, within(0.02));
        assertThat(how[2] / (double) asked).isCloseTo(0.1 * 49 / 50, within(0.015));
        assertThat(masking.apply(tokens, 0, 0).inputs()).isEqualTo(masked.inputs());
        assertThat(masking.apply(tokens, 0, 1).inputs()).isNotEqualTo(masked.inputs());
        assertThatThrownBy(() -> new MaskedTokens(2, 0, 1, 0)).hasMessageContaining("share 2.0");
    }

    @Test
    void noiseDeletesInsertsAndSwaps() {
        List<Integer> text = IntStream.range(0, 1000).boxed().toList();
        List<Integer> deleted = new WordNoise(0.3, 0, 0, 1).apply(text, 0, 0);
        assertThat(deleted.size()).isBetween(628, 772);
        assertThat(deleted).isSorted().doesNotHaveDuplicates();
        List<Integer> inserted = new WordNoise(0, 0.1, 0, 1).apply(text, 0, 0);
        assertThat(inserted).hasSize(1100).containsAll(text);
        List<Integer> swapped = new WordNoise(0, 0, 0.1, 1).apply(text, 0, 0);
        assertThat(swapped).hasSize(1000).containsExactlyInAnyOrderElementsOf(text);
        long moved = IntStream.range(0, 1000).filter(i -> swapped.get(i) != i).count();
        // 100 swaps touch at most 200 places, and hardly any twice.
        assertThat(moved).isBetween(150L, 200L);
        WordNoise all = new WordNoise(0.1, 0.1, 0.1, 1);
        assertThat(all.apply(text, 3, 4)).isEqualTo(all.apply(text, 3, 4)).isNotEqualTo(all.apply(text, 4, 4));
        assertThat(text).isEqualTo(IntStream.range(0, 1000).boxed().toList());
    }

    @Test
    void noiseLeavesAWordAndChangesAtLeastOne() {
        assertThat(new WordNoise(1, 0, 0, 1).apply(List.of("a", "b"), 0, 0)).hasSize(1);
        assertThat(new WordNoise(0, 0.01, 0, 1).apply(List.of("a", "b"), 0, 0)).hasSize(3);
        assertThat(new WordNoise(0.5, 0.5, 0.5, 1).apply(List.of(), 0, 0)).isEmpty();
        assertThat(new WordNoise(0, 0, 0, 1).apply(List.of("a", "b"), 0, 0)).containsExactly("a", "b");
        Map<List<String>, Integer> seen = new HashMap<>();
        for (int sample = 0; sample < 200; sample++) {
            seen.merge(new WordNoise(0, 0, 0.1, 1).apply(List.of("a", "b", "c"), 0, sample), 1, Integer::sum);
        }
        assertThat(seen).containsOnlyKeys(List.of("b", "a", "c"), List.of("c", "b", "a"), List.of("a", "c", "b"));
        assertThat(new WordNoise(0, 0, 1, 1).apply(List.of("a"), 0, 0)).containsExactly("a");
        assertThatThrownBy(() -> new WordNoise(1.5, 0, 0, 0)).hasMessageContaining("delete 1.5");
    }
}
