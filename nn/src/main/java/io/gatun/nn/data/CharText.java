package io.gatun.nn.data;

import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Text for a character model: a training and a test stream of tokens of one vocabulary. Both begin with
 * {@link Vocabulary#END}, so that the first character too has a predecessor. The arrays are held, not copied, and
 * nobody may change them.
 *
 * @param name what {@code --data} called it, for messages
 * @param vocabulary the characters of both streams
 * @param train tokens to learn from
 * @param test tokens to test on
 */
public record CharText(String name, Vocabulary vocabulary, int[] train, int[] test) {
    /** 64 MiB, a hundred times what a small LSTM can learn in a day. */
    private static final int MAX_FILE = 64 << 20;

    /** Names in random order by {@code seed}, nine tenths to learn from, one tenth to test on, one a line. */
    public static CharText ofNames(String name, List<String> names, long seed) {
        if (names.size() < 10) {
            throw new IllegalArgumentException(
                    name + ": " + names.size() + " names are too few to split, at least 10 are needed");
        }
        int[] order = IntStream.range(0, names.size()).toArray();
        SplitMix.of(seed).shuffle(order);
        int split = names.size() - names.size() / 10;
        Vocabulary vocabulary = Vocabulary.of(String.join("", names));
        return new CharText(
                name,
                vocabulary,
                vocabulary.encode(join(names, order, 0, split)),
                vocabulary.encode(join(names, order, split, order.length)));
    }

    private static String join(List<String> names, int[] order, int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> names.get(order[i]))
                .collect(Collectors.joining("\n", "\n", "\n"));
    }

    /** The class names of the running JDK, see {@link ClassNames}. */
    public static CharText ofRunningJdk(long seed) throws IOException {
        return ofNames("jdk", ClassNames.ofRunningJdk(), seed);
    }

    /**
     * A UTF-8 file: its first nine tenths to learn from, the rest to test on. Carriage returns are dropped.
     *
     * @throws FormatException when the file is not UTF-8, larger than 64 MiB, or shorter than 100 characters
     */
    public static CharText ofFile(Path file) throws IOException {
        byte[] bytes;
        try (FileChannel channel = InputFile.open(file)) {
            if (channel.size() > MAX_FILE) {
                throw new FormatException(file, MAX_FILE, "the text is larger than the limit of 64 MiB");
            }
            bytes = new byte[(int) channel.size()];
            InputFile.readFully(channel, ByteBuffer.wrap(bytes), 0, file);
        }
        String text = decode(file, bytes).replace("\r", "");
        int[] codePoints = text.codePoints().toArray();
        if (codePoints.length < 100) {
            throw new FormatException(
                    file, bytes.length, "the text has " + codePoints.length + " characters, at least 100 are needed");
        }
        int split = codePoints.length - codePoints.length / 10;
        Vocabulary vocabulary = Vocabulary.of(text);
        return new CharText(
                "text:" + file,
                vocabulary,
                vocabulary.encode("\n" + new String(codePoints, 0, split)),
                vocabulary.encode("\n" + new String(codePoints, split, codePoints.length - split)));
    }

    private static String decode(Path file, byte[] bytes) throws FormatException {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            throw new FormatException(file, in.position(), "the text is not UTF-8");
        }
        return out.flip().toString();
    }

    /**
     * Entropy in nats per character of the test stream's own character frequencies, the newline counted: no model that
     * ignores the preceding characters can have a lower test loss, however it was trained.
     */
    public double unigramEntropy() {
        long[] counts = new long[vocabulary.size()];
        // The first token is only ever an input, never a target.
        for (int i = 1; i < test.length; i++) {
            counts[test[i]]++;
        }
        double total = test.length - 1;
        double entropy = 0;
        for (long count : counts) {
            if (count > 0) {
                entropy -= count / total * Math.log(count / total);
            }
        }
        return entropy;
    }
}
