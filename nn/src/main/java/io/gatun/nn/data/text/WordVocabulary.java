package io.gatun.nn.data.text;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The words of a training text, numbered from the most frequent on (equally frequent ones in alphabetical order), after
 * the four special tokens. A word of another text that is not among them is {@link #UNK}. Immutable and thread-safe.
 */
public final class WordVocabulary {
    /** Fills up a batch. */
    public static final int PAD = 0;

    /** Stands for any unknown word. */
    public static final int UNK = 1;

    /** Begins a sequence. */
    public static final int BOS = 2;

    /** Ends a sequence. */
    public static final int EOS = 3;

    private static final List<String> SPECIAL = List.of("<pad>", "<unk>", "<bos>", "<eos>");

    private final List<String> words;
    private final Map<String, Integer> tokens = new HashMap<>();

    private WordVocabulary(List<String> ordinary) {
        words = Stream.concat(SPECIAL.stream(), ordinary.stream()).toList();
        // Backwards, so that a text's own "<pad>" does not become a special token.
        for (int i = words.size() - 1; i >= SPECIAL.size(); i--) {
            tokens.put(words.get(i), i);
        }
    }

    /**
     * Counts the words of training texts.
     *
     * @param texts each a list of words
     * @param minCount fewest occurrences of a word that gets a token, at least 1
     * @param maxSize most tokens, the four special ones included, at least 4
     */
    public static WordVocabulary of(Collection<List<String>> texts, int minCount, int maxSize) {
        if (minCount < 1 || maxSize < SPECIAL.size()) {
            throw new IllegalArgumentException("vocabulary of at most " + maxSize + " tokens seen " + minCount
                    + " times: at least 4 and 1 are needed");
        }
        Map<String, Long> counts = new HashMap<>();
        texts.forEach(text -> text.forEach(word -> counts.merge(word, 1L, Long::sum)));
        return new WordVocabulary(counts.entrySet().stream()
                .filter(entry -> entry.getValue() >= minCount)
                .sorted(Map.Entry.<String, Long>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey(Comparator.naturalOrder())))
                .limit(maxSize - SPECIAL.size())
                .map(Map.Entry::getKey)
                .toList());
    }

    /**
     * The vocabulary that has these {@link #words}: what a trained model needs again, where its training text is not at hand.
     *
     * @param words in the order of their tokens, from 4 on
     * @throws IllegalArgumentException when a word comes twice
     */
    public static WordVocabulary ofWords(List<String> words) {
        WordVocabulary vocabulary = new WordVocabulary(words);
        if (vocabulary.tokens.size() < words.size()) {
            throw new IllegalArgumentException(
                    "a vocabulary of " + words.size() + " words has one twice; give each one once");
        }
        return vocabulary;
    }

    /** The words in the order of their tokens, from 4 on: to be kept beside the weights, for {@link #ofWords}. */
    public List<String> words() {
        return words.subList(SPECIAL.size(), words.size());
    }

    /** Number of tokens, the special ones included. */
    public int size() {
        return words.size();
    }

    /** The token of a word, {@link #UNK} if it has none. */
    public int token(String word) {
        return tokens.getOrDefault(word, UNK);
    }

    /** The word of a token in [0, size). */
    public String word(int token) {
        if (token < 0 || token >= words.size()) {
            throw new IllegalArgumentException("token " + token + " is not in 0.." + (words.size() - 1));
        }
        return words.get(token);
    }

    /** Tokens of words. */
    public int[] encode(List<String> text) {
        return text.stream().mapToInt(this::token).toArray();
    }

    /** Tokens of words between {@link #BOS} and {@link #EOS}. */
    public int[] encodeSequence(List<String> text) {
        int[] sequence = new int[text.size() + 2];
        sequence[0] = BOS;
        System.arraycopy(encode(text), 0, sequence, 1, text.size());
        sequence[sequence.length - 1] = EOS;
        return sequence;
    }

    /** Words of tokens. */
    public List<String> decode(int... sequence) {
        return Arrays.stream(sequence).mapToObj(this::word).toList();
    }
}
