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
import java.lang.foreign.ValueLayout;
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
}
