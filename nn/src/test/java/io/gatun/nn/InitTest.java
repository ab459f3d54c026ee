package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.nn.optim.Schedule;
import io.gatun.spec.Activation;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InitTest {
    private static final Shape CONV = Shape.of(64, 3, 3, 32);
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), false);

    private float[] filled(Initializer initializer, Shape shape, long seed) {
        Parameter parameter = Parameter.of(shape, initializer);
        try (Parameters parameters = Parameters.builder().add("p", parameter).build(memory, "init", seed)) {
            return parameters.values().asSlice(0, 4 * shape.elements()).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    private static double deviation(float[] values) {
        double mean = IntStream.range(0, values.length)
                .mapToDouble(i -> values[i])
                .average()
                .orElseThrow();
        assertThat(mean).isCloseTo(0, within(0.01));
        return Math.sqrt(IntStream.range(0, values.length)
                .mapToDouble(i -> (values[i] - mean) * (values[i] - mean))
                .average()
                .orElseThrow());
    }

    private static double largest(float[] values) {
        return IntStream.range(0, values.length)
                .mapToDouble(i -> Math.abs(values[i]))
                .max()
                .orElseThrow();
    }

    @Test
    void scales() {
        // fan in 3·3·32 = 288, fan out 3·3·64 = 576
        float[] uniform = filled(Init.kaimingUniform(), CONV, 1);
        assertThat(largest(uniform))
                .isCloseTo(1 / Math.sqrt(288), within(1e-4))
                .isLessThanOrEqualTo(1 / Math.sqrt(288));
        assertThat(deviation(filled(Init.kaimingNormal(), CONV, 1))).isCloseTo(Math.sqrt(2.0 / 576), within(1e-3));
        assertThat(deviation(filled(Init.kaimingNormal(Init.Fan.IN, 1), CONV, 1)))
                .isCloseTo(Math.sqrt(1.0 / 288), within(1e-3));
        assertThat(deviation(filled(Init.xavierNormal(1), CONV, 1))).isCloseTo(Math.sqrt(2.0 / 864), within(1e-3));
        assertThat(largest(filled(Init.xavierUniform(2), CONV, 1))).isCloseTo(2 * Math.sqrt(6.0 / 864), within(1e-3));
        assertThat(deviation(filled(Init.normal(0.5), CONV, 1))).isCloseTo(0.5, within(1e-2));
        assertThat(filled(Init.constant(3), Shape.of(2), 1)).containsExactly(3, 3);
        assertThatThrownBy(() -> filled(Init.kaimingNormal(), Shape.of(4), 1)).hasMessageContaining("[4]");
    }

    @Test
    void seedAndPlaceDecideAndNothingElse() {
        assertThat(filled(Init.normal(1), CONV, 1)).isEqualTo(filled(Init.normal(1), CONV, 1));
        assertThat(filled(Init.normal(1), CONV, 2)).isNotEqualTo(filled(Init.normal(1), CONV, 1));
        Parameter first = Parameter.of(CONV, Init.normal(1));
        Parameter second = Parameter.of(CONV, Init.normal(1));
        try (Parameters _ =
                Parameters.builder().add("a", first).add("b", second).build(memory, "two", 1)) {
            assertThat(first.toArray()).isNotEqualTo(second.toArray()).isEqualTo(filled(Init.normal(1), CONV, 1));
        }
    }

    @Test
    void gainsAreThoseOfPyTorch() {
        try (GoldenFile golden = GoldenFile.of(Schedule.class, "optimizers.safetensors")) {
            Map<String, Activation> activations = Map.of(
                    "linear", Activation.IDENTITY,
                    "sigmoid", Activation.SIGMOID,
                    "tanh", Activation.TANH,
                    "relu", Activation.RELU,
                    "leaky_relu", Activation.leakyRelu(0.2f));
            activations.forEach((name, activation) ->
                    assertThat((float) Init.gain(activation)).as(name).isEqualTo(golden.number("gain/" + name)));
        }
        assertThatThrownBy(() -> Init.gain(Activation.GELU)).hasMessageContaining("no gain is known for GELU");
    }

    /** The largest distance of the numbers' distribution from the given one; 1.95 / sqrt(n) is passed once in a thousand. */
    private static void drawnFrom(float[] values, DoubleUnaryOperator distribution) {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        double distance = 0;
        for (int i = 0; i < sorted.length; i++) {
            double wanted = distribution.applyAsDouble(sorted[i]);
            distance = Math.max(
                    distance, Math.max(wanted - (double) i / sorted.length, (i + 1.0) / sorted.length - wanted));
        }
        assertThat(distance).isLessThan(1.95 / Math.sqrt(sorted.length));
    }

    /** The normal distribution's integral by Simpson's rule. */
    private static double normal(double x) {
        double sum = 0;
        int parts = 200;
        double h = x / parts;
        for (int i = 0; i <= parts; i++) {
            double weight = i == 0 || i == parts ? 1 : i % 2 == 0 ? 2 : 4;
            sum += weight * Math.exp(-0.5 * (i * h) * (i * h));
        }
        return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
    }

    @Test
    void distributionsAreWhatTheySay() {
        double uniform = Math.sqrt(6.0 / 864);
        drawnFrom(filled(Init.xavierUniform(1), CONV, 5), x -> (x + uniform) / (2 * uniform));
        double xavier = Math.sqrt(2.0 / 864);
        drawnFrom(filled(Init.xavierNormal(1), CONV, 5), x -> normal(x / xavier));
        double bound = Math.sqrt(2) * Math.sqrt(3.0 / 288);
        drawnFrom(
                filled(Init.kaimingUniform(Init.Fan.IN, Init.gain(Activation.RELU)), CONV, 5),
                x -> (x + bound) / (2 * bound));
        double kaiming = Math.sqrt(2.0 / 288);
        drawnFrom(
                filled(Init.kaimingNormal(Init.Fan.IN, Init.gain(Activation.RELU)), CONV, 5), x -> normal(x / kaiming));
        double low = normal(-1);
        double share = normal(2) - low;
        float[] truncated = filled(Init.truncatedNormal(0.1, -0.1, 0.2), CONV, 5);
        drawnFrom(truncated, x -> (normal(x / 0.1) - low) / share);
        for (float value : truncated) {
            assertThat(value).isBetween(-0.1f, 0.2f);
        }
        assertThatThrownBy(() -> filled(Init.truncatedNormal(1, 9, 10), Shape.of(2), 1))
                .hasMessageContaining("hardly ever within");
    }

    private static void orthonormal(float[] values, int rows, int columns, double gain) {
        boolean wide = rows <= columns;
        int vectors = Math.min(rows, columns);
        int length = Math.max(rows, columns);
        for (int a = 0; a < vectors; a++) {
            for (int b = 0; b <= a; b++) {
                double dot = 0;
                for (int i = 0; i < length; i++) {
                    dot += (double) (wide ? values[a * columns + i] : values[i * columns + a])
                            * (wide ? values[b * columns + i] : values[i * columns + b]);
                }
                assertThat(dot).isCloseTo(a == b ? gain * gain : 0, within(1e-6));
            }
        }
    }

    @Test
    void orthogonalRowsOrColumns() {
        orthonormal(filled(Init.orthogonal(1), Shape.of(20, 50), 1), 20, 50, 1);
        orthonormal(filled(Init.orthogonal(1), Shape.of(50, 20), 1), 50, 20, 1);
        orthonormal(filled(Init.orthogonal(1), Shape.of(33, 33), 1), 33, 33, 1);
        orthonormal(filled(Init.orthogonal(0.5), Shape.of(8, 3, 3, 4), 1), 8, 36, 0.5);
        assertThatThrownBy(() -> filled(Init.orthogonal(1), Shape.of(4), 1)).hasMessageContaining("[4]");
    }

    @Test
    void sparseColumnsHaveTheirShareOfZeros() {
        float[] values = filled(Init.sparse(0.25, 0.1), Shape.of(10, 30), 1);
        boolean[] hit = new boolean[10];
        for (int column = 0; column < 30; column++) {
            int zeros = 0;
            for (int row = 0; row < 10; row++) {
                boolean zero = values[row * 30 + column] == 0;
                zeros += zero ? 1 : 0;
                hit[row] |= zero;
            }
            assertThat(zeros).isEqualTo(3);
        }
        assertThat(hit).doesNotContain(false);
    }

    @Test
    void forgetGatesBeginOpen() {
        assertThat(filled(Init.forgetBias(1, Init.zeros()), Shape.of(8), 1)).containsExactly(0, 0, 1, 1, 0, 0, 0, 0);
        assertThat(filled(Init.forgetBias(2, Init.ones()), Shape.of(4), 1)).containsExactly(1, 2, 1, 1);
        assertThatThrownBy(() -> filled(Init.forgetBias(1, Init.zeros()), Shape.of(6), 1))
                .hasMessageContaining("no bias [4 h]");
    }

    @Test
    void aModelsParametersCanBeInitializedAnew() {
        Parameter first = Parameter.of(CONV, Init.normal(1));
        Parameter second = Parameter.of(CONV, Init.normal(1));
        try (Parameters parameters =
                Parameters.builder().add("a", first).add("b", second).build(memory, "two", 1)) {
            float[] a = first.toArray();
            float[] b = second.toArray();
            parameters.initialize("b", Init.zeros(), 1);
            assertThat(second.toArray()).containsOnly(0);
            parameters.initialize("b", Init.normal(1), 1);
            assertThat(second.toArray()).isEqualTo(b);
            assertThat(first.toArray()).isEqualTo(a);
        }
    }
}
