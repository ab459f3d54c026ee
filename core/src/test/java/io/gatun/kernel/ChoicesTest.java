package io.gatun.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gatun.memory.NativeMemory;
import io.gatun.reference.ReferenceBackend;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Measured choices: their file, and what {@code auto} makes of them. */
class ChoicesTest {
    private static final GemmSpec LARGE = GemmSpec.of(100, 100, 100);
    private static final GemmSpec SMALL = GemmSpec.of(4, 4, 4);

    @TempDir
    private Path folder;

    private Choices read(String text) throws IOException {
        return Choices.read(Files.writeString(folder.resolve("choices"), text));
    }

    @Test
    void aFileReadsAsItWasWritten() throws IOException {
        Path file = folder.resolve("choices");
        Choices.NONE
                .with(LARGE, "onednn")
                .with(SMALL, "onednn")
                .with(LARGE, "simd")
                .write(file, List.of("cpu: any"));
        assertThat(file).hasContent("""
            # cpu: any
            simd gemm f32 m=100 n=100 k=100
            onednn gemm f32 m=4 n=4 k=4
            """);
        Choices choices = Choices.read(file);
        assertThat(choices.backend(LARGE)).isEqualTo("simd");
        assertThat(choices.backend(SMALL)).isEqualTo("onednn");
        assertThat(choices.backend(GemmSpec.of(5, 5, 5))).isNull();
        assertThat(choices).hasToString("2 choices of " + file);
        assertThat(Choices.NONE.size()).isZero();
    }

    @Test
    void theOrderBeginsWithTheMeasuredBackendAndKeepsTheOthers() throws IOException {
        Preference rules = Preference.of("auto");
        assertThat(rules.order(LARGE)).containsExactly("onednn", "simd", "reference");
        assertThat(rules.order(SMALL)).containsExactly("simd", "onednn", "reference");
        Preference measured = Preference.measured(
                read("simd gemm f32 k=100 m=100 n=100 # keys in any order\n\n onednn gemm f32 m=4 n=4 k=4\n"));
        assertThat(measured.order(LARGE)).containsExactly("simd", "onednn", "reference");
        assertThat(measured.order(SMALL)).containsExactly("onednn", "simd", "reference");
        assertThat(measured.order(GemmSpec.of(99, 99, 99))).containsExactly("onednn", "simd", "reference");
    }

    /** ResNet-20's layers for one image and for a training batch, and one of a wider net for one image. */
    @ParameterizedTest
    @CsvSource({
        "1,32,16,16,1,simd",
        "1,8,64,64,1,simd",
        "1,32,16,32,2,onednn",
        "4,32,16,16,1,onednn",
        "128,32,16,16,1,onednn",
        "1,14,256,256,1,onednn"
    })
    void oneSmallImageIsOursFirst(int n, int side, int ic, int oc, int stride, String first) {
        ConvSpec conv = ConvSpec.of(n, side, side, ic, oc, 3, stride, 1);
        assertThat(Preference.of("auto").order(conv)).startsWith(first);
        assertThat(Preference.of("auto").order(conv.with(ConvSpec.Direction.BACKWARD_WEIGHTS)))
                .startsWith("onednn");
    }

    @Test
    void aMeasuredBackendThatRefusesIsPassedOver() {
        Choices choices = Choices.NONE.with(LARGE, "simd").with(new AxpbySpec(9, 1, 0), "onednn");
        try (Kernels kernels = new Kernels(
                Preference.measured(choices),
                1,
                NativeMemory.standard(),
                List.of(new ReferenceBackend(), new PickyBackend()))) {
            assertThat(kernels.plan(LARGE).backend()).isEqualTo("reference");
            assertThat(kernels.plan(new AxpbySpec(9, 1, 0)).backend()).isEqualTo("simd");
        }
    }

    @Test
    void thePropertyNamesTheFileThatAutoReads() throws IOException {
        Path file = Files.writeString(folder.resolve("choices"), "simd gemm f32 m=100 n=100 k=100");
        System.setProperty("gatun.choices", file.toString());
        try {
            assertThat(Preference.of("auto").order(LARGE)).startsWith("simd");
            assertThat(Preference.of("onednn").order(LARGE)).startsWith("onednn");
            Files.delete(file);
            assertThatExceptionOfType(java.io.UncheckedIOException.class)
                    .isThrownBy(() -> Preference.of("auto"))
                    .withCauseInstanceOf(NoSuchFileException.class);
        } finally {
            System.clearProperty("gatun.choices");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        cuda gemm f32 m=1 n=1 k=1        | unknown backend 'cuda'; known are onednn, simd
        simd                             | a spec is missing after 'simd'
        simd gem f32 m=1 n=1 k=1         | unknown spec family 'gem'
        simd gemm f32 m=1 n=1            | key 'k' is missing
        simd gemm f32 m=2 n=3 k=4        | 'gemm f32 m=2 n=3 k=4' stands twice
        """)
    void aBadLineIsNamed(String line, String reason) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read("# heading\nonednn gemm f32 m=2 n=3 k=4\n" + line + "\n"))
                .withMessageStartingWith(folder.resolve("choices") + ", line 3: ")
                .withMessageContaining(reason);
    }

    @Test
    void whatIsNoTextIsRefused() throws IOException {
        Path file = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Choices.read(file))
                .withMessage(file + " is no file of choices: it is not text in UTF-8");
    }
}
