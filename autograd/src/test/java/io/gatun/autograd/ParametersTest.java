package io.gatun.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.NativeMemoryException;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class ParametersTest {
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 20), false);

    @Test
    void decayedComeFirstAlignedAndWithZeroGaps() {
        Parameter weight = Parameter.of(Shape.of(3, 5), Initializer.ONES);
        Parameter bias = Parameter.of(Shape.of(3), Initializer.ONES);
        Parameter mean = Parameter.buffer(Shape.of(3), Initializer.ONES);
        Parameter last = Parameter.of(Shape.of(2, 20), Initializer.ONES);
        try (Parameters parameters = Parameters.builder()
                .add("a.weight", weight)
                .add("a.bias", bias)
                .add("a.mean", mean)
                .add("b.weight", last)
                .add("tied", weight)
                .build(memory, "net", 1)) {
            assertThat(parameters.decayed()).isEqualTo(16 + 48);
            assertThat(parameters.count()).isEqualTo(16 + 48 + 16);
            assertThat(parameters.parameterCount()).isEqualTo(15 + 40 + 3);
            assertThat(parameters.named()).containsOnlyKeys("a.weight", "a.bias", "a.mean", "b.weight", "tied");
            long base = parameters.values().address();
            assertThat(weight.data().address()).isEqualTo(base);
            assertThat(last.data().address()).isEqualTo(base + 64);
            assertThat(bias.data().address()).isEqualTo(base + 4 * 64);
            assertThat(bias.grad().address()).isEqualTo(parameters.gradients().address() + 4 * 64);
            assertThat(mean.grad()).isNull();
            assertThat(parameters.values().getAtIndex(ValueLayout.JAVA_FLOAT, 14))
                    .isEqualTo(1);
            assertThat(parameters.values().getAtIndex(ValueLayout.JAVA_FLOAT, 15))
                    .isZero();
            assertThat(parameters.get("tied")).isSameAs(weight);
            assertThat(weight.label()).isEqualTo("a.weight");
            assertThatThrownBy(() -> parameters.get("c")).hasMessageContaining("'c'");
            assertThatThrownBy(() -> mean.requiresGrad(true)).isInstanceOf(IllegalStateException.class);
        }
        assertThat(memory.budget().used()).isZero();
    }

    @Test
    void refusals() {
        Parameter loose = Parameter.of(Shape.of(3), Initializer.ONES);
        assertThatThrownBy(loose::data)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no memory yet");
        Parameters.Builder builder = Parameters.builder().add("a", loose);
        assertThatThrownBy(() -> builder.add("a", Parameter.of(Shape.of(1), Initializer.ONES)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'a'");
        builder.build(memory, "first", 0).close();
        assertThatThrownBy(() -> Parameters.builder().add("a", loose)).hasMessageContaining("its memory already");
    }

    @Test
    void budgetFailureLeavesNothing() {
        NativeMemory small = new NativeMemory(new MemoryBudget(5000), false);
        Parameters.Builder builder = Parameters.builder().add("a", Parameter.of(Shape.of(1000), Initializer.ONES));
        assertThatThrownBy(() -> builder.build(small, "net", 0)).isInstanceOf(NativeMemoryException.class);
        assertThat(small.budget().used()).isZero();
        assertThat(small.leaks()).isEmpty();
    }
}
