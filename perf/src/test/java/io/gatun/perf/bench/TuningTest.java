package io.gatun.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.spec.Spec;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TuningTest {
    @BeforeAll
    static void needsOneDnn() {
        try (Kernels kernels = Kernels.open("onednn", 1)) {
            assertThat(kernels.threads()).isEqualTo(1);
        } catch (NativeUnavailableException e) {
            assumeTrue(false, "SKIPPED: " + e.getMessage());
        }
    }

    /** Columns: the rule, quartile, median, quartile of simd's speed over oneDNN's, and what is taken. */
    @ParameterizedTest
    @CsvSource({
        "onednn, 1.10, 1.20, 1.30, simd",
        "onednn, 0.99, 1.20, 1.30, onednn",
        "onednn, 1.01, 1.02, 1.03, onednn",
        "onednn, 0.70, 0.80, 0.90, onednn",
        "simd,   0.70, 0.80, 0.90, onednn",
        "simd,   0.70, 0.80, 1.01, simd",
        "simd,   0.97, 0.98, 0.99, simd",
        "simd,   1.10, 1.20, 1.30, simd"
    })
    void theRuleStandsUnlessTheOtherIsFasterForSure(String rule, double low, double median, double high, String taken) {
        assertThat(Tuning.fastest(rule, new Result.Ratio(median, low, high))).isEqualTo(taken);
    }

    @Test
    void onlyWhatBothHaveAndCanExchangeIsRaced() {
        Spec gemm = Spec.parse("gemm f32 m=32 n=32 k=32");
        Spec lstm = Spec.parse("lstm f32 backward t=2 b=2 i=4 h=4");
        Spec optimizer = Spec.parse("sgd f32 count=64 momentum=0.9");
        try (Tuning tuning = new Tuning(1)) {
            assertThat(tuning.contested(List.of(optimizer, gemm, lstm, gemm))).containsExactly(gemm);
            Tuning.Verdict verdict = tuning.race(gemm, 0.02);
            assertThat(verdict.spec()).isEqualTo(gemm);
            assertThat(verdict.rule()).isEqualTo("simd");
            assertThat(verdict.ratio().median()).isPositive();
            assertThat(verdict.fastest()).isEqualTo(Tuning.fastest("simd", verdict.ratio()));
        }
    }
}
