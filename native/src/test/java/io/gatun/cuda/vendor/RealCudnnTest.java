package io.gatun.cuda.vendor;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.RequiresEmulation;
import io.gatun.kernel.DType;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * That NVIDIA's own cuDNN takes Gatun's graphs and plans them, where one is installed: in the Python environment of
 * VIRTUAL_ENV or CONDA_PREFIX, say. It needs no GPU, and runs nothing. The runtime is the emulated one.
 */
@RequiresEmulation
class RealCudnnTest {
    private static final String SKIPPED = "REAL CUDNN TESTS SKIPPED: ";

    private static final List<ConvSpec> FORWARD = List.of(
            ConvSpec.of(8, 28, 28, 64, 64, 3, 1, 1),
            ConvSpec.of(8, 56, 56, 64, 256, 1, 1, 0),
            ConvSpec.of(8, 64, 64, 3, 64, 7, 2, 3),
            ConvSpec.of(2, 9, 9, 5, 7, 3, 2, 0).withPadding(0, 1, 2, 1),
            ConvSpec.of(2, 14, 14, 32, 32, 3, 1, 2).withDilation(2, 2).withGroups(2),
            ConvSpec.of(2, 14, 14, 32, 32, 3, 1, 1).withGroups(32));

    /** Specs, and those of them that cuDNN plans without compiling anything. */
    private final List<String> specs = new ArrayList<>();

    private final List<String> planned = new ArrayList<>();

    private void add(Spec spec, boolean plans) {
        specs.add(spec.toString());
        if (plans) {
            planned.add(spec.toString());
        }
    }

    @Test
    void plansWhatIsOffered() throws IOException, InterruptedException {
        for (ConvSpec forward : FORWARD) {
            for (ConvSpec.Direction direction : ConvSpec.Direction.values()) {
                ConvSpec spec = forward.with(direction);
                add(spec, true);
                for (DType storage : List.of(DType.BF16, DType.F16)) {
                    add(new MixedSpec(spec, storage), direction != ConvSpec.Direction.BACKWARD_WEIGHTS);
                }
            }
        }
        add(FORWARD.getFirst().withBias(), true);
        ConvSpec fused = FORWARD.getFirst().withBias().withActivation(Activation.RELU);
        add(fused, true);
        add(new MixedSpec(fused, DType.BF16), false);
        List<String> answers = answers();
        System.err.println("real: " + answers.getFirst() + " plans convolutions, nothing runs");
        assertThat(answers.get(1))
                .startsWith("cuda:0: a wrong tensor, tensor descriptor: cudnnBackendFinalize returned"
                        + " CUDNN_STATUS_BAD_PARAM");
        assertThat(answers).hasSize(2 + specs.size());
        for (int i = 0; i < specs.size(); i++) {
            String answer = answers.get(2 + i);
            boolean plan = answer.matches("engine \\d+, workspace \\d+");
            assertThat(plan || !planned.contains(specs.get(i)) && answer.startsWith("refused: "))
                    .as("%s: %s", specs.get(i), answer)
                    .isTrue();
        }
    }

    /** The lines that the process wrote; skips, loudly, where there is no cuDNN or one of the first of 9. */
    private List<String> answers() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dgatun.cuda.path=" + System.getProperty("gatun.cuda.path"),
                "-cp",
                System.getProperty("java.class.path"),
                RealCudnn.class.getName()));
        command.addAll(specs);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        Process process = builder.start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as(lines.toString()).isZero();
        if (lines.getLast().equals(RealCudnn.ABSENT) || lines.getLast().equals(RealCudnn.OLD)) {
            System.err.println(SKIPPED + lines.getLast());
            Assumptions.abort(SKIPPED + lines.getLast());
        }
        return lines;
    }
}
