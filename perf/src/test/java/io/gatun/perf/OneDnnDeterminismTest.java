package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.onednn.LoadResult;
import io.gatun.onednn.OneDnnLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On oneDNN, with the instructions and the thread count the same: the same checkpoint, byte for byte, resumed or not. */
class OneDnnDeterminismTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"resnet20", "charlstm"})
    void twoRunsAndAResumedOneEndInTheSameBytes(String model) throws IOException {
        LoadResult library = OneDnnLibrary.load(2);
        assumeTrue(library instanceof LoadResult.Loaded, () -> "SKIPPED, oneDNN is NOT tested here: " + library);
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
