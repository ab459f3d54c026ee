package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchTrainCommandTest {
    @Test
    void jsonHoldsWhatTheStepDid() throws Exception {
        Cli.Result result = Cli.run(
                "bench",
                "train",
                "mlp",
                "--backend",
                "simd",
                "--threads",
                "2",
                "--batch",
                "16",
                "--warmups",
                "1",
                "--steps",
                "3",
                "--profile",
                "--json");
        assertThat(result.code()).as(result.err()).isZero();
        Map<String, Object> json = TrainCommandTest.json(result.lastLine());
        assertThat(json)
                .containsEntry("model", "mlp")
                .containsEntry("backend", "simd")
                .containsEntry("threads", 2.0)
                .containsEntry("batch", 16.0)
                .containsEntry("unit", "img/s")
                .containsEntry("parameters", 784.0 * 1024 + 1024 + 1024 * 1024 + 1024 + 1024 * 10 + 10)
                .containsKeys("best_ms", "peak_rss_mb", "alloc_bytes_per_step", "share_of_peak");
        double median = (double) json.get("median_ms");
        assertThat((double) json.get("rate") * median / 1e3).isCloseTo(16, within(1e-6));
        // Three products a layer, but none for the gradient of the images.
        double products = 3.0 * (784 * 1024 + 1024 * 1024 + 1024 * 10) - 784 * 1024;
        assertThat((double) json.get("gflops") * median * 1e6).isCloseTo(2 * 16 * products, within(1e3));
        assertThat((double) json.get("loss"))
                .as("of the fourth step on one batch")
                .isBetween(0.0, 2.2);
        assertThat((double) json.get("peak_rss_mb")).isGreaterThan(20);
        assertThat(result.out())
                .contains("of the ", "where one step's time goes", "gemm on simd", "adamw on simd")
                .contains("tape and everything else", "the specs that took longest", "gemm f32 tb bias m=16");
    }

    @ParameterizedTest
    @CsvSource({"lstm, 64, 3481728", "gru, 64, 2627712", "transformer, 128, 3192448"})
    @Tag("heavy")
    void netsOfSequencesCountTokens(String net, int length, double parameters) throws Exception {
        Cli.Result result = Cli.run(
                "bench", "train", net, "--threads", "2", "--batch", "2", "--warmups", "0", "--steps", "1", "--json");
        assertThat(result.code()).as(result.err()).isZero();
        Map<String, Object> json = TrainCommandTest.json(result.lastLine());
        assertThat(json).containsEntry("unit", "tokens/s").containsEntry("parameters", parameters);
        assertThat((double) json.get("rate") * (double) json.get("median_ms") / 1e3)
                .isCloseTo(length * 2, within(1e-6));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "resnet19 | unknown model 'resnet19'; known are resnet20, resnet18c, resnet50, vgg16, lstm, gru,"
                        + " transformer, mlp",
                "mlp --steps 0 | give at least one step to time",
                "mlp --batch 0 | a batch of 0 has nothing to train on",
                "mlp --backend mkl | unknown backend 'mkl'; known are auto, onednn, simd, reference, cuda"
            })
    void badInputIsOneSentence(String arguments, String sentence) {
        Cli.Result result = Cli.run(("bench train " + arguments).split(" "));
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains(sentence).hasLineCount(1);
    }
}
