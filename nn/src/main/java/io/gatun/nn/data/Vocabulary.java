package io.gatun.nn.data;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The characters of a text, numbered. Token 0 is always the newline, which starts a name and ends it; the others follow
 * in code point order. Immutable.
 */
public final class Vocabulary {
    /** The newline: give it to a fresh LSTM to begin a sample, and stop when it comes out. */
    public static final int END = 0;

    private final int[] codePoints;
    private final int[] sorted;

    private Vocabulary(int[] sortedWithoutNewline) {
        sorted = sortedWithoutNewline;
        codePoints = IntStream.concat(IntStream.of('\n'), IntStream.of(sorted)).toArray();
    }

    /** The characters that occur in {@code text}, and the newline. */
    public static Vocabulary of(CharSequence text) {
        return new Vocabulary(
                text.codePoints().filter(c -> c != '\n').distinct().sorted().toArray());
    }

    /** Number of tokens, the newline included. */
    public int size() {
        return codePoints.length;
    }

    /**
     * Token of each character.
     *
     * @throws IllegalArgumentException when a character is not in the vocabulary
     */
    public int[] encode(CharSequence text) {
        return text.codePoints().map(this::token).toArray();
    }

    private int token(int codePoint) {
        if (codePoint == '\n') {
            return END;
        }
        int at = Arrays.binarySearch(sorted, codePoint);
        if (at < 0) {
            throw new IllegalArgumentException(String.format(
                    "character U+%04X is not among the %d of this vocabulary", codePoint, codePoints.length));
        }
        return at + 1;
    }

    /** Character of a token in [0, size), as a string. */
    public String decode(int token) {
        if (token < 0 || token >= codePoints.length) {
            throw new IllegalArgumentException("token " + token + " is not in 0.." + (codePoints.length - 1));
        }
        return Character.toString(codePoints[token]);
    }

    /** Characters of all tokens. */
    public String decode(int[] tokens) {
        StringBuilder text = new StringBuilder(tokens.length);
        for (int token : tokens) {
            text.append(decode(token));
        }
        return text.toString();
    }

    /** All characters by token, for a checkpoint: {@code Vocabulary.of(v.characters())} equals v. */
    public String characters() {
        return new String(codePoints, 0, codePoints.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Vocabulary that && Arrays.equals(codePoints, that.codePoints);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(codePoints);
    }
}
