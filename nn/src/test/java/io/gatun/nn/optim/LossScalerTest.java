package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.Places;
import io.gatun.nn.io.NamedTensor;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The factor, and what scaled losses do to gradients in binary16. */
class LossScalerTest {
    private final Kernels kernels = Kernels.open("simd", 1);
    private final NativeMemory memory = NativeMemory.standard();
    private final Parameter weight = Parameter.of(Shape.of(2), Initializer.ONES);
    private final Parameters parameters =
            Parameters.builder().add("weight", weight).build(memory, "model", 1);
    private final Sgd optimizer =
            new Sgd(kernels, memory, parameters, Schedule.constant(1), new Sgd.Options(0, 0, false, 0));
    private final Tape tape = new Tape(kernels, memory);

    @AfterEach
    void close() {
        tape.close();
        optimizer.close();
        parameters.close();
        kernels.close();
    }

    /** Its gradient by the weight is that of the input by binary16. */
    private Tensor loss(float slope) {
        tape.reset();
        Tensor small = tape.use(weight).to(DType.F16).scale(slope);
        return small.to(DType.F32).sum();
    }

    @Test
    void gradientsThatWouldVanishDoNot() {
        float slope = 1e-9f;
        loss(slope).backward();
        assertThat(Places.floats(parameters.gradients())).startsWith(0, 0);
        parameters.zeroGradients();
        try (LossScaler scaler = LossScaler.of(optimizer, memory)) {
            // Of 65,536 by 1e-9 binary16 keeps 11 bits.
            scaler.scale(loss(1)).scale(slope).to(DType.F16).to(DType.F32).sum().backward();
            assertThat(scaler.unscale()).isTrue();
            for (int i = 0; i < 2; i++) {
                assertThat(Places.floats(weight.grad())[i] / slope).isBetween(0.999f, 1.001f);
            }
        }
    }

    @Test
    void anOverflowHalvesTheFactorAndLeavesNoGradient() {
        try (LossScaler scaler = LossScaler.of(optimizer, memory)) {
            // 65,536 is no number of binary16.
            Tensor loss = scaler.scale(loss(1));
            loss.backward();
            assertThat(scaler.unscale()).isFalse();
            assertThat(scaler.factor()).isEqualTo(LossScaler.FIRST / 2);
            assertThat(Places.floats(parameters.gradients())).containsOnly(0);
            assertThat(optimizer.steps()).isZero();
            scaler.scale(loss(1)).backward();
            assertThat(scaler.unscale()).isTrue();
            assertThat(Places.floats(weight.grad())).containsExactly(1, 1);
        }
    }

    @Test
    void growsAfterSoManyStepsAndIsSavedWithTheOptimizer() {
        try (LossScaler scaler = LossScaler.of(optimizer, memory, 2, 3)) {
            for (int i = 0; i < 4; i++) {
                scaler.scale(loss(0)).backward();
                assertThat(scaler.unscale()).isTrue();
                optimizer.step();
            }
            assertThat(scaler.factor()).isEqualTo(4);
            List<NamedTensor> saved = optimizer.save();
            var byName = saved.stream().collect(Collectors.toMap(NamedTensor::name, tensor -> tensor));
            scaler.overflowed();
            assertThat(scaler.factor()).isEqualTo(2);
            optimizer.load(byName::get, 4);
            assertThat(scaler.factor()).isEqualTo(4);
            optimizer.step();
            assertThat(scaler.factor()).isEqualTo(4);
            optimizer.step();
            assertThat(scaler.factor()).isEqualTo(8);
        }
    }

    @Test
    void doesNotGrowBeyondWhatAFloatHolds() {
        try (LossScaler scaler = LossScaler.of(optimizer, memory, 0x1p127f, 1)) {
            optimizer.step();
            assertThat(scaler.factor()).isEqualTo(0x1p127f);
        }
    }

    @Test
    void refusesWhatCannotScale() {
        for (float factor : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> LossScaler.of(optimizer, memory, factor, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("a loss scale of " + factor);
        }
        assertThatThrownBy(() -> LossScaler.of(optimizer, memory, 1, 0)).hasMessageContaining("every 0 updates");
    }
}
