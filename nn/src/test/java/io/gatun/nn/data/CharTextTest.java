package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CharTextTest {
    @TempDir
    Path folder;

    @Test
    void theRunningJdkHasThousandsOfClassNames() throws IOException {
        List<String> names = ClassNames.ofRunningJdk();
        assertThat(names).hasSizeGreaterThan(5_000).isSorted().doesNotHaveDuplicates();
        assertThat(names).contains("String", "HashMap", "MemorySegment", "URI").doesNotContain("module-info");
        assertThat(names).allMatch(name -> name.matches("[A-Za-z0-9_]{3,40}"));

        CharText text = CharText.ofRunningJdk(1);
        List<String> back = new ArrayList<>();
        for (int[] part : List.of(text.train(), text.test())) {
            assertThat(part[0]).isEqualTo(Vocabulary.END);
            assertThat(part[part.length - 1]).isEqualTo(Vocabulary.END);
            back.addAll(Arrays.asList(text.vocabulary().decode(part).strip().split("\n")));
        }
        assertThat(back).hasSameSizeAs(names).containsExactlyInAnyOrderElementsOf(names);
        assertThat(text.test().length / (double) (text.train().length + text.test().length))
                .isCloseTo(0.1, within(0.01));
        assertThat(text.vocabulary().size()).isBetween(60, 64);
        // English letter entropy is about 2.9 nats; camel case has more symbols. Uniform would be ln 64 = 4.16.
        assertThat(text.unigramEntropy()).isBetween(2.9, 3.5);
        assertThat(CharText.ofRunningJdk(1).train()).isEqualTo(text.train());
        assertThat(CharText.ofRunningJdk(2).train()).isNotEqualTo(text.train());
    }

    @Test
    void unigramEntropyCountsTheEndToken() {
        // Targets of the test stream "\nab\nab\n": a, b, end, twice each.
        CharText text = new CharText("x", Vocabulary.of("ab"), new int[] {0}, new int[] {0, 1, 2, 0, 1, 2, 0});
        assertThat(text.unigramEntropy()).isCloseTo(Math.log(3), within(1e-12));
    }

    @Test
    void vocabularyRoundTrips() {
        Vocabulary vocabulary = Vocabulary.of("zebra\nÄpfel 😀");
        assertThat(vocabulary.size()).isEqualTo(12);
        assertThat(vocabulary.decode(0)).isEqualTo("\n");
        assertThat(vocabulary.decode(vocabulary.encode("Ä😀\nz"))).isEqualTo("Ä😀\nz");
        assertThat(Vocabulary.of(vocabulary.characters())).isEqualTo(vocabulary);
        assertThatThrownBy(() -> vocabulary.encode("q")).hasMessageContaining("U+0071");
        assertThatThrownBy(() -> vocabulary.decode(12)).hasMessageContaining("0..11");
    }

    @Test
    void batchesAreLanesThatGoOnFromWindowToWindow() {
        int[] tokens = IntStream.range(0, 30).toArray();
        CharBatches batches = new CharBatches(tokens, 4, 3);
        // (30 - 1) / 3 = 9 tokens a lane, two windows of 4.
        assertThat(batches.windows()).isEqualTo(2);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment inputs = arena.allocate(48, 4);
            MemorySegment targets = arena.allocate(48, 4);
            batches.fill(0, inputs, targets);
            assertThat(inputs.toArray(ValueLayout.JAVA_INT)).containsExactly(0, 9, 18, 1, 10, 19, 2, 11, 20, 3, 12, 21);
            assertThat(targets.toArray(ValueLayout.JAVA_INT))
                    .containsExactly(1, 10, 19, 2, 11, 20, 3, 12, 21, 4, 13, 22);
            batches.fill(1, inputs, targets);
            assertThat(inputs.toArray(ValueLayout.JAVA_INT)).startsWith(4, 13, 22);
            assertThat(targets.toArray(ValueLayout.JAVA_INT)).endsWith(8, 17, 26);
            assertThatThrownBy(() -> batches.fill(2, inputs, targets)).hasMessageContaining("0..1");
        }
        assertThatThrownBy(() -> new CharBatches(tokens, 10, 3))
                .hasMessageContaining("30 tokens")
                .hasMessageContaining("31");
        assertThat(new CharBatches(tokens, 29, 1).windows()).isEqualTo(1);
    }

    @Test
    void readsAFileAndRefusesOneThatIsNotText() throws IOException {
        Path file = folder.resolve("t.txt");
        Files.writeString(file, "0123456789".repeat(19) + "\r\näbcdefgh\n");
        CharText text = DataSource.parseText("text:" + file).loadText(1);
        assertThat(text.vocabulary().decode(text.train())).isEqualTo("\n" + "0123456789".repeat(18));
        assertThat(text.vocabulary().decode(text.test())).isEqualTo("\n0123456789\näbcdefgh\n");

        Files.write(file, new byte[] {'a', 'b', (byte) 0xC3, 'x'});
        assertThat(catchThrowableOfType(FormatException.class, () -> CharText.ofFile(file))
                        .offset())
                .isEqualTo(2);
        Files.writeString(file, "short");
        assertThatThrownBy(() -> CharText.ofFile(file)).hasMessageContaining("5 characters");
        Files.write(file, new byte[] {'a', (byte) 0xC3});
        assertThatThrownBy(() -> CharText.ofFile(file)).hasMessageContaining("not UTF-8");
    }

    @Test
    void dataSourceExplainsItself() {
        assertThat(DataSource.parseImages("shapes").toString()).isEqualTo("shapes");
        assertThat(DataSource.parseImages("cifar10:/a/b:c").path()).isEqualTo(Path.of("/a/b:c"));
        assertThat(DataSource.parseText("jdk").kind()).isEqualTo(DataSource.Kind.JDK);
        assertThatThrownBy(() -> DataSource.parseImages("imagenet:x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("unknown image data \"imagenet:x\": known are shapes, cifar10:DIR, mnist:DIR, cifar100:DIR,"
                        + " folder:DIR");
        assertThatThrownBy(() -> DataSource.parseText("shapes")).hasMessageContaining("jdk, text:FILE");
        for (String bad : List.of("cifar10", "mnist:", "shapes:x", "shapes:")) {
            assertThatThrownBy(() -> DataSource.parseImages(bad)).as(bad).hasMessageContaining("must be written");
        }
        assertThatThrownBy(() -> DataSource.parseImages("mnist:a\0b")).hasMessageContaining("no path");
    }
}
