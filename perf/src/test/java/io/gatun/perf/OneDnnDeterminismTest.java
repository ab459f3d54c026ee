package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.nn.train.WeightsHash;
import io.gatun.onednn.LoadResult;
import io.gatun.onednn.OneDnnLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On oneDNN, with the instructions and the thread count the same: the same checkpoint, byte for byte, resumed or not. */
@Tag("heavy")
class OneDnnDeterminismTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void requireOneDnn() {
        LoadResult library = OneDnnLibrary.load(2);
        assumeTrue(library instanceof LoadResult.Loaded, () -> "SKIPPED, oneDNN is NOT tested here: " + library);
    }

    /** Two JVMs train to one hash, which is not that of another backend's sums. */
    @Test
    void theSameMachineAndThreadsTrainToTheSameWeights() throws Exception {
        List<String> options = List.of("-Dgatun.hash.backend=onednn");
        Set<String> hashes = new LinkedHashSet<>(WeightsHash.inAnotherJvm(options, "small", 200, "2"));
        hashes.addAll(WeightsHash.inAnotherJvm(options, "small", 200, "2"));
        assertThat(hashes).hasSize(1);
        assertThat(hashes)
                .as("simd adds up in another order, so these are not its numbers")
                .doesNotContainAnyElementsOf(WeightsHash.inAnotherJvm(List.of(), "small", 200, "2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet20", "charlstm"})
    void twoRunsAndAResumedOneEndInTheSameBytes(String model) throws IOException {
        byte[] first = train(model, folder.resolve("first"));
        assertThat(train(model, folder.resolve("second"))).isEqualTo(first);
        // The checkpoint before the last: one step short of the end.
        Path resumed = Files.copy(folder.resolve("first.previous"), folder.resolve("resumed"));
        Cli.Result result = Cli.run(
                "train", model, "--backend", "onednn", "--threads", "2", "--resume", "--out", resumed.toString());
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("resumed     ", "onednn: ");
        assertThat(Files.readAllBytes(resumed)).isEqualTo(first);
    }

    private byte[] train(String model, Path out) throws IOException {
        String data =
                model.equals("resnet20") ? "cifar10:" + Cli.cifar(folder.resolve("cifar")) : "text:" + Cli.text(folder);
        Cli.Result result = Cli.run(
                "train",
                model,
                "--backend",
                "onednn",
                "--threads",
                "2",
                "--batch",
                "8",
                "--epochs",
                "1",
                "--data",
                data,
                "--out",
                out.toString(),
                "--checkpoint-every",
                "1");
        assertThat(result.code()).as(result.err()).isZero();
        return Files.readAllBytes(out);
    }
}
