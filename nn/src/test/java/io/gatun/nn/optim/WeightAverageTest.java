package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.Sequential;
import io.gatun.nn.golden.GoldenFile;
import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightAverageTest {
    private static final NativeMemory MEMORY = NativeMemory.standard();
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 2);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static float[] weights(int t) {
        float[] values = new float[5];
        for (int i = 0; i < 5; i++) {
            values[i] = (float) (t + 0.1 * i);
        }
        return values;
    }

    private static WeightAverage average(String name, Parameters parameters) {
        return name.equals("ema")
                ? WeightAverage.ema(kernels, MEMORY, parameters, 0.9f)
                : WeightAverage.swa(kernels, MEMORY, parameters);
    }

    /** The golden series, saved and resumed in its middle. */
    @ParameterizedTest
    @ValueSource(strings = {"ema", "swa"})
    void averagesAsInPyTorch(String name) {
        Parameter w = Parameter.of(Shape.of(1, 5), Initializer.ZEROS);
        try (GoldenFile golden = GoldenFile.of(WeightAverageTest.class, "optimizers.safetensors");
                Arena arena = Arena.ofConfined();
                Parameters parameters = Parameters.builder().add("w", w).build(MEMORY, "one", 1);
                WeightAverage first = average(name, parameters);
                WeightAverage second = average(name, parameters)) {
            float[] wanted = golden.floats("average/" + name);
            for (int t = 0; t < 8; t++) {
                if (t == 3) {
                    second.load(OptimizerOptionsTest.saved(arena, first.save())::get);
                }
                WeightAverage average = t < 3 ? first : second;
                w.copyFrom(weights(t));
                average.update();
                try (var _ = average.use()) {
                    assertThat(w.toArray())
                            .as("update %d", t)
                            .containsExactly(Arrays.copyOfRange(wanted, 5 * t, 5 * t + 5), within(2e-6f));
                }
                assertThat(w.toArray()).as("the trained weights").isEqualTo(weights(t));
            }
            assertThat(second.updates()).isEqualTo(8);
        }
    }

    @Test
    void warmUpFollowsFastAtFirst() {
        Parameter w = Parameter.of(Shape.of(1, 5), Initializer.ZEROS);
        try (Parameters parameters = Parameters.builder().add("w", w).build(MEMORY, "one", 1);
                WeightAverage average = average("ema", parameters).warmUp()) {
            w.copyFrom(weights(0));
            average.update();
            w.copyFrom(weights(1));
            average.update();
            average.keep();
            // decay (1 + 1) / (10 + 1), not 0.9
            assertThat(w.toArray()[0]).isCloseTo(9f / 11, within(1e-6f));
        }
    }

    @Test
    void anAttachedAverageFollowsTheStepsAndIsSaved() {
        try (GoldenModel model = GoldenModel.make(MEMORY);
                Optimizer optimizer =
                        new Sgd(kernels, MEMORY, model.parameters(), Schedule.constant(0.1f), Sgd.Options.PLAIN);
                WeightAverage average =
                        WeightAverage.swa(kernels, MEMORY, model.parameters()).when(3, 2)) {
            optimizer.attach(average);
            for (int t = 0; t < 8; t++) {
                model.gradient(t);
                optimizer.step();
            }
            assertThat(average.updates()).as("steps 3, 5 and 7").isEqualTo(3);
            assertThat(optimizer.save())
                    .extracting(tensor -> tensor.name())
                    .contains("swa.weights.w", "swa.weights.b", "swa.updates");
            optimizer.attach(average);
            assertThat(optimizer.save().stream().filter(tensor -> tensor.name().equals("swa.updates")))
                    .as("attached twice, saved once")
                    .hasSize(1);
            var use = average.use();
            assertThatThrownBy(optimizer::step)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("close what use() gave");
            use.close();
            use.close();
        }
    }

    /** The mean over the batches of their means and unbiased variances, whatever the norm's momentum. */
    @Test
    void batchNormStatisticsAreTheMeanOfTheBatches() {
        BatchNorm2d norm = new BatchNorm2d(2);
        Dropout dropout = new Dropout(0.5f);
        Sequential model = new Sequential(norm, dropout);
        try (Parameters parameters = model.allocate(MEMORY, 1);
                Tape tape = new Tape(kernels, MEMORY)) {
            norm.eval();
            dropout.train();
            float[][] batches = {{1, 10, 3, 30}, {2, -10, 8, 10}, {0, 0, 0.5f, 1}};
            BatchNormStatistics.update(model, batches.length, batch -> {
                tape.reset();
                try (var _ = tape.noGrad()) {
                    Tensor x = tape.tensor(Shape.of(2, 1, 1, 2), batches[batch]);
                    model.call(x);
                }
            });
            assertThat(parameters.get("0.running_mean").toArray())
                    .containsExactly(new float[] {(2 + 5 + 0.25f) / 3, (20 + 0 + 0.5f) / 3}, within(1e-4f));
            assertThat(parameters.get("0.running_var").toArray())
                    .containsExactly(new float[] {(2 + 18 + 0.125f) / 3, (200 + 200 + 0.5f) / 3}, within(1e-3f));
            assertThat(parameters.get("0.num_batches_tracked").data().get(java.lang.foreign.ValueLayout.JAVA_LONG, 0))
                    .isEqualTo(3);
            assertThat(norm.training()).isFalse();
            assertThat(dropout.training()).isTrue();
        }
    }
}
