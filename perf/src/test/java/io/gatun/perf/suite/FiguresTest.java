package io.gatun.perf.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gatun.perf.results.Environment;
import io.gatun.perf.results.Measurement;
import io.gatun.perf.results.Results;
import io.gatun.perf.results.ResultsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FiguresTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final Path BASELINE = ROOT.resolve("perf/results/zen5-2core.json");

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/benchmarks.md"})
    void documentsSayWhatTheBaselineSays(String name) throws IOException {
        String document = Files.readString(ROOT.resolve(name));
        assertThat(document)
                .as("%s: run ci/figures", name)
                .isEqualTo(FigureTables.into(document, ResultsFile.read(BASELINE)));
    }

    @Test
    void theBaselineIsSmallAndHasEveryQuickBenchmark() throws IOException {
        assertThat(Files.size(BASELINE)).isLessThan(200_000);
        Results baseline = ResultsFile.read(BASELINE);
        assertThat(baseline.all())
                .extracting(Measurement::spec)
                .containsAll(Suite.quick().stream().map(Problem::line).toList());
    }

    /** 64³ on two threads beside a 256³ on each: 2 · 64³ FLOP in 1 ns over 4 · 256³ in 64 ns are a half. */
    @Test
    void sharesAndRatiosAreThoseOfTheRates() {
        String line = "gemm f32 m=64 n=64 k=64";
        String anchor = "oneDNN gemm 256, one a thread";
        double[] around = {64};
        Results results = new Results(
                new Environment(Map.of()),
                List.of(
                        new Measurement(line, "simd", "x", 2, anchor, new double[] {1}, around, "", ""),
                        new Measurement(line, "onednn", "x", 2, anchor, new double[] {1.5}, around, "", ""),
                        new Measurement("step mlp", "auto", "x", 2, anchor, new double[] {2e6}, around, "", ""),
                        new Measurement("step mlp", "simd", "x", 2, anchor, new double[] {3e6}, around, "", "")));
        String families = FigureTables.into("a\n<!-- figures: families -->\nold\n<!-- /figures -->\nb\n", results);
        assertThat(families).isEqualTo("""
            a
            <!-- figures: families -->
            | family | problems | simd, of the anchor | onednn, of the anchor | simd's speed over onednn's |
            | --- | --- | --- | --- | --- |
            | gemm | 1 | 50 % | 33 % | 1.50 |
            <!-- /figures -->
            b
            """);
        assertThat(FigureTables.into("<!-- figures: problems -->\n<!-- /figures -->", results))
                .contains("| gemm m=64 n=64 k=64 | 0.001 µs, 50 % | 0.002 µs, 33 % | 1.50 |")
                .contains("| step mlp | 2.00 ms | 3.00 ms | 1.50 |");
    }

    @Test
    void aDocumentWithoutMarksIsRefused() {
        Results results = new Results(new Environment(Map.of()), List.of());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FigureTables.into("nothing", results))
                .withMessageContaining("<!-- figures: families -->");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FigureTables.into("<!-- figures: other -->\n<!-- /figures -->", results))
                .withMessageContaining("no table 'other'");
    }
}
