package io.gatun.perf.results;

import static io.gatun.perf.results.Made.measurement;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResultsFileTest {
    private static final Measurement ONE = measurement("gemm f32 m=64 n=64 k=64", 1234.5678, 0.98765432, 0.1, 1);

    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenIsRead() throws Exception {
        Path file = folder.resolve("results.json");
        Measurement odd = new Measurement(
                "permute f32 shape=2x3 perm=1,0",
                "auto",
                "\"quoted\" \\ µ",
                1,
                "a",
                new double[] {1e9},
                new double[] {0.125},
                "2026-01-31",
                "unknown");
        ResultsFile.write(file, Made.results(ONE, odd));
        Results read = ResultsFile.read(file);
        assertThat(read.environment()).isEqualTo(Made.results().environment());
        assertThat(read.all()).extracting(Measurement::id).containsExactly(ONE.id(), odd.id());
        assertThat(read.get(odd.id())).usingRecursiveComparison().isEqualTo(odd);
        Measurement again = read.get(ONE.id());
        for (int i = 0; i < ONE.nanos().length; i++) {
            assertThat(again.nanos()[i]).isCloseTo(ONE.nanos()[i], within(0.06));
            assertThat(again.anchorNanos()[i]).isCloseTo(ONE.anchorNanos()[i], within(6e-5));
        }
        assertThat(Files.readAllLines(file)).as("one a line").hasSize(6);
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void aNewMeasurementTakesTheOldOnesPlace() {
        Measurement other = measurement("gemm f32 m=8 n=8 k=8", 1, 1, 0.1, 2);
        Measurement anew = measurement(ONE.spec(), 99, 1, 0.1, 3);
        Results merged = Made.results(ONE, other).with(anew);
        assertThat(merged.all()).containsExactly(anew, other);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "no json                      | is no JSON: line 1",
                "{\"format\":1                | is no JSON: line 1",
                "[]                           | is no JSON object",
                "{} {}                        | goes on behind",
                "{}                           | format is missing",
                "{\"format\":2}               | format 2.0 is not 1",
                "{\"format\":1,\"format\":1}  | Duplicate field",
                "{\"format\":1,\"environment\":{}} | environment.cpu is missing",
            })
    void aBadFileIsNamedWithWhatIsWrong(String text, String sentence) throws Exception {
        Path file = Files.writeString(folder.resolve("bad.json"), text);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResultsFile.read(file))
                .withMessageStartingWith(file.toString())
                .withMessageContaining(sentence);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"backend\":\"simd\" | \"backend\":7 | benchmarks[0].backend is not text",
                "\"ns\":[ | \"ns\":[\"x\", | benchmarks[0].ns[0] is no number",
                "\"ns\":[ | \"ns\":[0, | 17 samples and 16 of the anchor",
                "\"ns\":[ | \"ns\":[], \"other\":[ | 0 samples",
                "\"threads\":2 | \"thread\":2 | benchmarks[0].threads is missing",
                "\"anchor_ns\":[ | \"anchor_ns\":[- | is no time",
                "\"benchmarks\":[ | \"benchmarks\":[3, | benchmarks[0] is no object"
            })
    void aBadFieldIsNamed(String right, String wrong, String sentence) throws Exception {
        Path file = folder.resolve("bad.json");
        ResultsFile.write(file, Made.results(ONE));
        String text = Files.readString(file);
        assertThat(text).contains(right);
        Files.writeString(file, text.replace(right, wrong));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResultsFile.read(file))
                .withMessageStartingWith(file + " is no file of results: ")
                .withMessageContaining(sentence);
    }

    @Test
    void deepNestingIsASentence() throws Exception {
        Path file = Files.writeString(folder.resolve("deep.json"), "{\"a\":" + "[".repeat(100_000));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResultsFile.read(file))
                .withMessageStartingWith(file + " is no JSON: ");
    }
}
