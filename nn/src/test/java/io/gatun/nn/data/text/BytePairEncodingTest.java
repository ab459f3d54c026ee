package io.gatun.nn.data.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.text.BytePairEncoding.Merge;
import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BytePairEncodingTest {
    private static final List<String> PROSE = List.of(
            "the cat sat on the mat",
            "the dog sat on the cat",
            "größer, größte; Größe 12 123 1234",
            "😀😀😀 👩‍👩‍👧 😀");

    @TempDir
    Path folder;

    /** a-b five times, space-ab three times; then ab-c and space-ab-c once each, which is no reason for a token. */
    @Test
    void learnsTheMostFrequentPairFirst() {
        BytePairEncoding encoding = BytePairEncoding.train(List.of("ab ab ab", "abc abc"), 300);
        assertThat(encoding.merges()).containsExactly(new Merge('a', 'b'), new Merge(' ', 256));
        assertThat(encoding.encode("ab abd")).containsExactly(256, 257, 'd');
        assertThat(encoding.decode(encoding.encode("ab abc"))).isEqualTo("ab abc");
    }

    /** All pairs occur twice: they come by the bytes of the left token, then of the right. */
    @Test
    void tiesAreBrokenByBytes() {
        BytePairEncoding encoding = BytePairEncoding.train(List.of("zy", "zy", "ba", "ba", "bc", "bc", "é", "é"), 260);
        assertThat(encoding.merges())
                .containsExactly(new Merge('b', 'a'), new Merge('b', 'c'), new Merge('z', 'y'), new Merge(0xC3, 0xA9));
        assertThat(BytePairEncoding.train(List.of("ba", "bc", "é", "zy", "zy", "ba", "bc", "é"), 260)
                        .merges())
                .isEqualTo(encoding.merges());
        assertThat(BytePairEncoding.train(List.of("ab"), 1000).size()).isEqualTo(256);
    }

    /** The trainer's running counts against counting everything anew for each merge. */
    @Test
    void trainingEqualsItsDefinition() {
        SplitMix random = SplitMix.of(5);
        for (int round = 0; round < 20; round++) {
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                texts.add(word(random, 1 + random.below(12), 2 + round % 4));
            }
            assertThat(BytePairEncoding.train(texts, 256 + 40).merges())
                    .as("round %d", round)
                    .isEqualTo(slow(texts, 40));
        }
    }

    private static String word(SplitMix random, int length, int letters) {
        return IntStream.range(0, length)
                .mapToObj(i -> String.valueOf((char) ('a' + random.below(letters))))
                .collect(Collectors.joining());
    }

    private static List<Merge> slow(List<String> words, int wanted) {
        List<List<Integer>> texts = new ArrayList<>();
        Map<Integer, String> names = new HashMap<>();
        for (String word : words) {
            texts.add(word.chars().boxed().collect(Collectors.toCollection(ArrayList::new)));
            word.chars().forEach(c -> names.put(c, Character.toString(c)));
        }
        List<Merge> merges = new ArrayList<>();
        while (merges.size() < wanted) {
            Map<Merge, Integer> counts = new HashMap<>();
            for (List<Integer> text : texts) {
                for (int i = 0; i + 1 < text.size(); i++) {
                    counts.merge(new Merge(text.get(i), text.get(i + 1)), 1, Integer::sum);
                }
            }
            Merge best = null;
            for (Map.Entry<Merge, Integer> entry : counts.entrySet()) {
                Merge pair = entry.getKey();
                int order = best == null ? -1 : counts.get(best) - entry.getValue();
                if (order == 0) {
                    order = names.get(pair.left()).compareTo(names.get(best.left()));
                }
                if (order == 0) {
                    order = names.get(pair.right()).compareTo(names.get(best.right()));
                }
                best = order < 0 ? pair : best;
            }
            if (best == null || counts.get(best) < 2) {
                return merges;
            }
            int token = 256 + merges.size();
            merges.add(best);
            names.put(token, names.get(best.left()) + names.get(best.right()));
            for (List<Integer> text : texts) {
                apply(text, best, token);
            }
        }
        return merges;
    }

    private static void apply(List<Integer> text, Merge merge, int token) {
        for (int i = 0; i + 1 < text.size(); i++) {
            if (text.get(i) == merge.left() && text.get(i + 1) == merge.right()) {
                text.set(i, token);
                text.remove(i + 1);
            }
        }
    }

    /** The heap's tokens against applying each merge in turn to the whole word. */
    @Test
    void encodingEqualsItsDefinition() {
        SplitMix random = SplitMix.of(6);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            texts.add(word(random, 3 + random.below(15), 3));
        }
        BytePairEncoding encoding = BytePairEncoding.train(texts, 256 + 60);
        for (int i = 0; i < 300; i++) {
            String word = word(random, random.below(40), 4);
            List<Integer> slow = word.chars().boxed().collect(Collectors.toCollection(ArrayList::new));
            for (int m = 0; m < encoding.merges().size(); m++) {
                apply(slow, encoding.merges().get(m), 256 + m);
            }
            assertThat(encoding.encode(word))
                    .isEqualTo(slow.stream().mapToInt(t -> t).toArray());
        }
    }

    @Test
    void everyTextComesBack() {
        BytePairEncoding encoding = BytePairEncoding.train(PROSE, 280, "<pad>", "<eos>");
        assertThat(encoding.size()).isEqualTo(280);
        for (String text : List.of(
                "",
                " ",
                "the cat",
                "  two  spaces\t\n",
                "größte",
                "😀 new 🎉 👩‍👩‍👧",
                "日本語 العربية",
                "\0\u0007 <eos>")) {
            assertThat(encoding.decode(encoding.encode(text))).isEqualTo(text);
            assertThat(Arrays.stream(encoding.encode(text)).max().orElse(0)).isLessThan(278);
        }
        assertThat(encoding.encode("the cat sat")).hasSizeLessThan(7);
        SplitMix random = SplitMix.of(7);
        for (int i = 0; i < 300; i++) {
            StringBuilder text = new StringBuilder();
            while (text.length() < 20) {
                int c = random.below(i % 2 == 0 ? 0x110000 : 0x300);
                if (Character.isBmpCodePoint(c) && Character.isSurrogate((char) c)) {
                    continue;
                }
                text.appendCodePoint(c);
            }
            assertThat(encoding.decode(encoding.encode(text))).isEqualTo(text.toString());
        }
        assertThatThrownBy(() -> encoding.encode("a\uD83Db")).hasMessageContaining("surrogate");
    }

    @Test
    void specialTokensAreNeverInTexts() {
        BytePairEncoding encoding = BytePairEncoding.train(PROSE, 270, "<pad>", "<eos>");
        assertThat(encoding.special("<eos>")).isEqualTo(269);
        assertThat(encoding.encode("<eos>")).doesNotContain(269);
        assertThat(encoding.decode('a', 269, 'b')).isEqualTo("ab");
        assertThat(encoding.tokens()).hasSize(270).endsWith("<pad>", "<eos>");
        assertThatThrownBy(() -> encoding.special("<bos>")).hasMessageContaining("<pad>");
        assertThatThrownBy(() -> encoding.decode(270)).hasMessageContaining("0..269");
        assertThatThrownBy(() -> BytePairEncoding.train(PROSE, 256, "<pad>")).hasMessageContaining("no room");
        // Half of a character's bytes.
        assertThat(new BytePairEncoding(List.of(), List.of()).decode(0xC3)).isEqualTo("\uFFFD");
    }

    /** A word of a million letters: a quadratic encoder would take an hour. */
    @Test
    void aLongWordTakesNoTime() {
        BytePairEncoding encoding = BytePairEncoding.train(List.of("a".repeat(4096)), 256 + 10);
        assertThat(encoding.merges()).hasSize(10);
        int[] tokens = encoding.encode("a".repeat(1 << 20));
        assertThat(tokens).hasSize(1 << 10).containsOnly(265);
    }

    @Test
    void savesAndLoads() throws IOException {
        BytePairEncoding encoding = BytePairEncoding.train(PROSE, 320, "<pad>", "\"quoted\" ü");
        Path file = folder.resolve("bpe.json");
        encoding.save(file);
        BytePairEncoding back = BytePairEncoding.load(file);
        assertThat(back.merges()).isEqualTo(encoding.merges());
        assertThat(back.specialTokens()).isEqualTo(encoding.specialTokens());
        assertThat(back.encode("the größte 😀")).isEqualTo(encoding.encode("the größte 😀"));
        assertThat(Files.readString(file)).startsWith("{\"format\":\"gatun-bpe-1\",\"special\":[\"<pad>\",");
    }

    @Test
    void refusesFilesThatAreNone() throws IOException {
        Map<String, String> problems = new LinkedHashMap<>();
        String good = "{\"format\":\"gatun-bpe-1\",\"special\":[],\"merges\":[[97,98]]}";
        problems.put("", "START_OBJECT");
        problems.put("{", "no JSON");
        problems.put("{}", "needs format");
        problems.put(good.replace("bpe-1", "bpe-2"), "needs format");
        problems.put(good + "1", "goes on");
        problems.put(good.replace("98", "256"), "not in 0..255");
        problems.put(good.replace("98", "-1"), "not in 0..255");
        problems.put(good.replace("98", "4294967296"), "4294967296");
        problems.put(good.replace("98", "9.5"), "VALUE_NUMBER_FLOAT");
        problems.put(good.replace("98", "98,99"), "END_ARRAY");
        problems.put(good.replace("98]", "98],[97,98]"), "occurs twice");
        problems.put(good.replace("[]", "[\"a\",\"a\"]"), "name one twice");
        problems.put(good.replace("[]", "[[[[]]]]"), "START_ARRAY");
        problems.put(good.replace("\"special\"", "\"merges\""), "Duplicate");
        problems.put(good.replace("}", ",\"x\":1}"), "unknown field");
        StringBuilder doubling = new StringBuilder("[97,97]");
        for (int i = 256; i < 300; i++) {
            doubling.append(",[").append(i).append(',').append(i).append(']');
        }
        problems.put(good.replace("[97,98]", doubling), "2048 bytes");
        for (Map.Entry<String, String> problem : problems.entrySet()) {
            Path file = Files.writeString(folder.resolve("bad.json"), problem.getKey(), StandardCharsets.UTF_8);
            FormatException refusal = catchThrowableOfType(FormatException.class, () -> BytePairEncoding.load(file));
            assertThat(refusal).as(problem.getKey()).hasMessageContaining(problem.getValue());
            assertThat(refusal.file()).isEqualTo(file);
        }
    }
}
