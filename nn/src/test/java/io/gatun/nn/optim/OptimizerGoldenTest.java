package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.io.NamedTensor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Twenty steps against PyTorch, whose numbers {@code optimizers.py} wrote beside this test's resources. */
class OptimizerGoldenTest {
    private static final int STEPS = GoldenModel.STEPS;

    private static Optimizer optimizer(String name, Kernels kernels, NativeMemory memory, Parameters p) {
        return switch (name) {
            case "sgd" -> new Sgd(kernels, memory, p, Schedule.constant(0.1f), Sgd.Options.PLAIN);
            case "sgd-momentum-decay" ->
                new Sgd(kernels, memory, p, Schedule.constant(0.05f), new Sgd.Options(0.9f, 0.25f, false, 5e-2f));
            case "sgd-nesterov-clip-cosine" ->
                new Sgd(kernels, memory, p, Schedule.cosine(0.1f, 4, 20), Sgd.Options.nesterov(0.9f, 5e-4f))
                        .clipNorm(0.5f);
            case "adamw" -> new AdamW(kernels, memory, p, Schedule.constant(0.01f), AdamW.Options.DEFAULT);
            case "adamw-clip-steps" ->
                new AdamW(
                                kernels,
                                memory,
                                p,
                                Schedule.steps(0.02f, 6, 0.5f),
                                new AdamW.Options(0.8f, 0.95f, 1e-8f, 0.1f))
                        .clipNorm(0.7f);
            default -> throw new AssertionError(name);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"sgd", "sgd-momentum-decay", "sgd-nesterov-clip-cosine", "adamw", "adamw-clip-steps"})
    void twentyStepsAsInPyTorch(String name) throws IOException {
        NativeMemory memory = NativeMemory.standard();
        try (Kernels kernels = Kernels.open("simd", 2);
                GoldenModel model = GoldenModel.make(memory);
                Optimizer optimizer = optimizer(name, kernels, memory, model.parameters())) {
            for (int t = 0; t < STEPS; t++) {
                model.gradient(t);
                optimizer.step();
            }
            assertThat(model.values()).hasSize(26).containsExactly(golden(name), within(2e-6f));
            assertThat(optimizer.steps()).isEqualTo(STEPS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sgd-nesterov-clip-cosine", "adamw-clip-steps"})
    void savedStateContinuesToTheBit(String name) {
        NativeMemory memory = NativeMemory.standard();
        try (Kernels kernels = Kernels.open("simd", 2);
                Arena arena = Arena.ofConfined();
                GoldenModel whole = GoldenModel.make(memory);
                GoldenModel half = GoldenModel.make(memory);
                GoldenModel resumed = GoldenModel.make(memory);
                Optimizer wholeOptimizer = optimizer(name, kernels, memory, whole.parameters());
                Optimizer halfOptimizer = optimizer(name, kernels, memory, half.parameters());
                Optimizer resumedOptimizer = optimizer(name, kernels, memory, resumed.parameters())) {
            for (int t = 0; t < STEPS; t++) {
                whole.gradient(t);
                wholeOptimizer.step();
            }
            for (int t = 0; t < 7; t++) {
                half.gradient(t);
                halfOptimizer.step();
            }
            resumed.parameters().values().copyFrom(half.parameters().values());
            Map<String, NamedTensor> saved = new HashMap<>();
            for (NamedTensor tensor : halfOptimizer.save()) {
                MemorySegment copy = arena.allocate(tensor.data().byteSize(), 4).copyFrom(tensor.data());
                saved.put(tensor.name(), new NamedTensor(tensor.name(), tensor.type(), tensor.shape(), copy));
            }
            assertThat(saved).containsKey(name.startsWith("sgd") ? "optimizer.momentum.w" : "optimizer.v.b");
            resumedOptimizer.load(saved::get, halfOptimizer.steps());
            for (int t = 7; t < STEPS; t++) {
                resumed.gradient(t);
                resumedOptimizer.step();
            }
            assertThat(resumed.values()).isEqualTo(whole.values());
        }
    }

    @Test
    void schedulesHaveTheirCornersWhereTheySay() {
        Schedule cosine = Schedule.cosine(0.2f, 5, 105);
        assertThat(cosine.learningRate(0)).isCloseTo(0.04f, within(1e-8f));
        assertThat(cosine.learningRate(4)).isEqualTo(0.2f);
        assertThat(cosine.learningRate(5)).isEqualTo(0.2f);
        assertThat(cosine.learningRate(55)).isCloseTo(0.1f, within(1e-7f));
        assertThat(cosine.learningRate(105)).isZero();
        assertThat(Schedule.steps(1, 3, 0.1f).learningRate(6)).isCloseTo(0.01f, within(1e-8f));
        assertThat(cosine).hasToString("cosine rate=0.2 warmUp=5 total=105");
    }

    private static float[] golden(String name) throws IOException {
        try (InputStream in = OptimizerGoldenTest.class.getResourceAsStream("optimizers.golden.txt")) {
            List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            for (String line : lines) {
                List<String> words = new ArrayList<>(List.of(line.split(" ")));
                if (words.removeFirst().equals(name)) {
                    float[] values = new float[words.size()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = Float.parseFloat(words.get(i));
                    }
                    return values;
                }
            }
        }
        throw new AssertionError("no golden line for " + name);
    }
}
