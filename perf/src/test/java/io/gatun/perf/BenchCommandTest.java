package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.Spec;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchCommandTest {
    @Test
    void jsonHasTheKeysOfTheContract() throws IOException {
        String line = "gemm f32 m=16 n=16 k=16";
        Cli.Result result =
                Cli.run("bench", line, "--vs", "simd,reference", "--threads", "2", "--seconds", "0.1", "--json");
        assertThat(result.code()).as(result.err()).isZero();
        List<String> lines = result.out().lines().toList();
        assertThat(lines).hasSize(2);
        Map<String, Object> first = TrainCommandTest.json(lines.getFirst());
        assertThat(first)
                .containsEntry("spec", line)
                .containsEntry("implementation", "simd")
                .containsEntry("threads", 2.0)
                .containsEntry("unit", "GFLOP/s");
        assertThat(first).containsKeys("median_ms", "best_ms", "rate", "ratio", "ratio_low", "ratio_high");
        double ratio = (double) first.get("ratio");
        assertThat(ratio).isBetween((double) first.get("ratio_low"), (double) first.get("ratio_high"));
        double flops = 2.0 * 16 * 16 * 16;
        assertThat((double) first.get("rate") * (double) first.get("median_ms") * 1e6 / flops)
                .isBetween(0.999, 1.001);
        Map<String, Object> second = TrainCommandTest.json(lines.getLast());
        assertThat(second).containsEntry("implementation", "reference").doesNotContainKey("ratio");
    }

    /** Every family, with what is special about its inputs: workspaces, indices, targets, updated operands. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "activation f32 backward act=relu count=100",
                "adamw f32 count=100 decayed=50",
                "axpby f32 count=100 alpha=2.0 beta=0.5",
                "batchnorm f32 training residual relu rows=50 c=7",
                "batchnorm f32 backward residual relu rows=50 c=7",
                "binary f32 div row rows=7 cols=9",
                "conv f32 backward_weights bias n=2 h=5 w=5 ic=3 oc=4 kh=3 kw=3 ph=1 pw=1",
                "crossentropy f32 gradient rows=9 cols=11",
                "dropout f32 count=100 p=0.3",
                "embedding f32 backward vocabulary=5 dim=3 count=20",
                "gemm f32 ta bias m=5 n=6 k=7 beta=1.0 act=relu",
                "gru f32 training t=3 b=2 i=4 h=5",
                "gru f32 backward t=3 b=2 i=4 h=5",
                "lstm f32 training t=3 b=2 i=4 h=5",
                "lstm f32 backward t=3 b=2 i=4 h=5",
                "permute f32 shape=3x4x5 perm=2,0,1",
                "pool f32 backward max n=2 h=6 w=6 c=3 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "reduce f32 sum_squares shape=4x5 axes=0",
                "rnn f32 backward act=relu t=3 b=2 i=4 h=5",
                "sgd f32 nesterov count=100 momentum=0.9",
                "softmax f32 forward log_softmax rows=4 cols=9"
            })
    void everyFamilyRunsAndAgrees(String line) {
        Cli.Result result = Cli.run("bench", line, "--vs", "simd,reference", "--threads", "2", "--seconds", "0.02");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains(Spec.parse(line).toString(), "simd is ", "quartiles", "largest difference");
        assertThat(result.err()).isEmpty();
    }

    @Test
    void doctorNamesWhatItFound() throws IOException {
        Cli.Result result = Cli.run("doctor", "--threads", "2");
        assertThat(result.code()).isZero();
        assertThat(result.out())
                .contains("jdk ", "processors ", "memory budget ", "simd\n", "vectors of ", "reference");
        assertThat(Cli.run("doctor", "--json").out()).startsWith("{\"jdk\":").contains("\"backends\":{");
    }
}
