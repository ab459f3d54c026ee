package io.gatun.nn.data.text;

import io.gatun.nn.io.FormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Byte-pair encoding over UTF-8 bytes (Sennrich and others, 2016; bytes as in GPT-2): tokens 0..255 are the bytes, token
 * 256 + i is what merge i joins, and the special tokens follow. Every text can be encoded, and {@code decode} gives it
 * back. Merges do not cross words: a word is a run of letters, of digits or of other signs, each with the one space
 * before it, or a run of white space. Immutable and thread-safe; the tokens of up to 65,536 words are remembered.
 */
public final class BytePairEncoding {
    static final int BYTES = 256;

    /** No sensible token is longer; doubling merges would otherwise reach 2^60 bytes in a file of a kilobyte. */
    static final int MAX_TOKEN_BYTES = 1024;

    static final Pattern WORD = Pattern.compile(
            " ?[\\p{L}\\p{M}]+| ?\\p{N}+| ?[^\\s\\p{L}\\p{M}\\p{N}]+|\\s+", Pattern.UNICODE_CHARACTER_CLASS);

    private static final int MAX_CACHED = 1 << 16;
    private static final int MAX_CACHED_CHARACTERS = 64;

    /**
     * A rule.
     *
     * @param left token
     * @param right token that follows it
     */
    public record Merge(int left, int right) {
        long key() {
            return (long) left << 32 | right;
        }
    }

    private final List<Merge> merges;
    private final List<String> special;
    private final byte[][] bytes;
    private final Map<Long, Integer> ranks = new HashMap<>();
    private final Map<String, int[]> cache = new ConcurrentHashMap<>();

    /**
     * @param merges in the order they are applied; each joins two different or equal tokens that exist before it
     * @param special names of the special tokens
     * @throws IllegalArgumentException when a merge names a token that is not there yet, occurs twice, or makes a token
     *     of more than 1,024 bytes; or a special name occurs twice
     */
    public BytePairEncoding(List<Merge> merges, List<String> special) {
        this.merges = List.copyOf(merges);
        this.special = List.copyOf(special);
        bytes = new byte[BYTES + this.merges.size()][];
        for (int b = 0; b < BYTES; b++) {
            bytes[b] = new byte[] {(byte) b};
        }
        for (int i = 0; i < this.merges.size(); i++) {
            bytes[BYTES + i] = joined(this.merges.get(i), i);
            if (ranks.put(this.merges.get(i).key(), i) != null) {
                throw new IllegalArgumentException("merge " + i + " " + this.merges.get(i) + " occurs twice");
            }
        }
        if (this.special.stream().distinct().count() < this.special.size()) {
            throw new IllegalArgumentException("special tokens " + this.special + " name one twice");
        }
    }

    private byte[] joined(Merge merge, int i) {
        int known = BYTES + i;
        if (merge.left < 0 || merge.left >= known || merge.right < 0 || merge.right >= known) {
            throw new IllegalArgumentException(
                    "merge " + i + " " + merge + " names a token that is not in 0.." + (known - 1));
        }
        int length = bytes[merge.left].length + bytes[merge.right].length;
        if (length > MAX_TOKEN_BYTES) {
            throw new IllegalArgumentException("merge " + i + " " + merge + " makes a token of " + length
                    + " bytes, the limit is " + MAX_TOKEN_BYTES);
        }
        byte[] joined = Arrays.copyOf(bytes[merge.left], length);
        System.arraycopy(bytes[merge.right], 0, joined, bytes[merge.left].length, bytes[merge.right].length);
        return joined;
    }

    /**
     * Learns merges: again and again the most frequent pair of neighbouring tokens within words becomes a token, of
     * equally frequent ones the first by the bytes of the left token, then of the right.
     *
     * @param texts to learn from
     * @param vocabularySize tokens wanted, special ones included; fewer when no pair occurs twice any more
     * @param special names of the special tokens
     */
    public static BytePairEncoding train(
            Iterable<? extends CharSequence> texts, int vocabularySize, String... special) {
        int merges = vocabularySize - BYTES - special.length;
        if (merges < 0) {
            throw new IllegalArgumentException("a vocabulary of " + vocabularySize
                    + " tokens has no room for 256 bytes and " + special.length + " special tokens");
        }
        return new BytePairEncoding(new BytePairTrainer(texts).train(merges), List.of(special));
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws FormatException when the file is anything else
     */
    public static BytePairEncoding load(Path file) throws IOException {
        return BytePairFile.load(file);
    }

    /** Writes the merges and special tokens as JSON. */
    public void save(Path file) throws IOException {
        BytePairFile.save(this, file);
    }

    /** The rules in order. */
    public List<Merge> merges() {
        return merges;
    }

    /** The special tokens' names in order. */
    public List<String> specialTokens() {
        return special;
    }

    /** Number of tokens, the special ones included. */
    public int size() {
        return bytes.length + special.size();
    }

    /** The token of a special name; encoded texts never contain it, whatever they say. */
    public int special(String name) {
        int at = special.indexOf(name);
        if (at < 0) {
            throw new IllegalArgumentException("no special token \"" + name + "\" among " + special);
        }
        return bytes.length + at;
    }

    /**
     * Tokens of a text.
     *
     * @throws IllegalArgumentException when the text has half of a surrogate pair, which UTF-8 cannot say
     */
    public int[] encode(CharSequence text) {
        IntStream.Builder tokens = IntStream.builder();
        Matcher words = WORD.matcher(text);
        while (words.find()) {
            for (int token : word(words.group())) {
                tokens.add(token);
            }
        }
        return tokens.build().toArray();
    }

    private int[] word(String word) {
        int[] known = cache.get(word);
        if (known == null) {
            known = BytePairMerger.merge(utf8(word), ranks);
            if (word.length() <= MAX_CACHED_CHARACTERS && cache.size() < MAX_CACHED) {
                cache.put(word, known);
            }
        }
        return known;
    }

    static byte[] utf8(String word) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(word));
            return Arrays.copyOfRange(encoded.array(), 0, encoded.limit());
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("the text has half of a surrogate pair, which is no character", e);
        }
    }

    /** The bytes of tokens; special ones have none. */
    public byte[] decodeBytes(int... tokens) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int token : tokens) {
            if (token < 0 || token >= size()) {
                throw new IllegalArgumentException("token " + token + " is not in 0.." + (size() - 1));
            }
            if (token < bytes.length) {
                out.writeBytes(bytes[token]);
            }
        }
        return out.toByteArray();
    }

    /** The text of tokens; bytes that are no UTF-8, such as half a character's, become U+FFFD. */
    public String decode(int... tokens) {
        return new String(decodeBytes(tokens), StandardCharsets.UTF_8);
    }

    /** The text of each token, special ones by their names: a table to look at. */
    public List<String> tokens() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < bytes.length; i++) {
            all.add(decode(i));
        }
        all.addAll(special);
        return all;
    }
}
