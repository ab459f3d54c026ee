package io.gatun.perf.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.Spec;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AnchorTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GEMM   | gemm f32 m=8 n=8 k=8",
                "GEMM   | gemm f32 m=1024 n=1024 k=1024",
                "GEMM   | conv f32 forward n=128 h=32 w=32 ic=16 oc=16 kh=3 kw=3 ph=1 pw=1",
                "MEMORY | gemm f32 m=1 n=4096 k=4096",
                "MEMORY | conv f32 forward n=16 h=56 w=56 ic=128 oc=128 kh=3 kw=3 ph=1 pw=1 g=128",
                "CACHE  | softmax f32 forward softmax rows=12288 cols=128",
                "MEMORY | adamw f32 count=25557032"
            })
    void whatLimitsAProblemDecides(AnchorKind kind, String line) {
        assertThat(AnchorKind.of(Spec.parse(line))).isEqualTo(kind);
    }

    /** Between 0.1 and 10,000 GFLOP/s or GB/s a thread: it ran, and its work is that of one run. */
    @ParameterizedTest
    @EnumSource
    void takesTime(AnchorKind kind) {
        Anchor anchor = new Anchor(kind, 2);
        assertThat(kind.work() / anchor.nanos()).isBetween(1e-1, 1e4);
        assertThat(AnchorProfiler.options(kind, 2)).isEqualTo(kind + " 2");
    }
}
