package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.model.CharLstm;
import io.gatun.spec.Activation;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ModuleTest extends OnATape {
    @Test
    void fusedNormAddReluIsTheSeparateOperations() {
        BatchNorm2d fused = new BatchNorm2d(4, true);
        BatchNorm2d plain = new BatchNorm2d(4);
        try (Parameters first = fused.allocate(memory, 1);
                Parameters second = plain.allocate(memory, 1)) {
            Shape shape = Shape.of(3, 2, 2, 4);
            Tensor src = tape.tensor(shape, normal(Shape.of(48), 1));
            Tensor shortcut = tape.tensor(shape, normal(Shape.of(48), 2));
            float[] one = fused.forward(src, shortcut).toArray();
            float[] three = plain.forward(src).add(shortcut).relu().toArray();
            assertThat(one).containsExactly(three, Offset.offset(1e-6f));
            float[] moved = first.get("running_var").toArray();
            assertThat(moved).isEqualTo(second.get("running_var").toArray()).isNotEqualTo(new float[] {1, 1, 1, 1});
            fused.eval();
            float[] before = first.get("running_mean").toArray();
            assertThat(fused.forward(src, shortcut).toArray()).isNotEqualTo(one);
            assertThat(first.get("running_mean").toArray()).isEqualTo(before);
        }
    }

    @Test
    void fusedLinearActivationIsTheSeparateOperations() {
        Linear fused = new Linear(5, 7, true, Activation.TANH);
        Linear plain = new Linear(5, 7);
        try (Parameters _ = fused.allocate(memory, 1);
                Parameters _ = plain.allocate(memory, 1)) {
            Tensor src = tape.tensor(Shape.of(3, 5), normal(Shape.of(15), 1));
            assertThat(fused.forward(src).toArray())
                    .containsExactly(
                            Activations.activation(plain.forward(src), Activation.TANH)
                                    .toArray(),
                            Offset.offset(1e-6f));
        }
    }

    @Test
    void dropoutOnlyInTraining() {
        Sequential net = new Sequential(new Dropout(0.5f));
        Tensor src = tape.tensor(Shape.of(100), normal(Shape.of(100), 1));
        assertThat(net.training()).isTrue();
        assertThat(net.forward(src).toArray()).contains(0f);
        net.eval();
        assertThat(net.forward(src)).isSameAs(src);
        net.train();
        assertThat(net.forward(src)).isNotSameAs(src);
        assertThatThrownBy(() -> new Dropout(Float.NaN)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void splitSequenceWithCarriedStateIsTheWholeSequence() {
        CharLstm net = new CharLstm(9, 5, 6, 2, 0);
        try (Parameters _ = net.allocate(memory, 1);
                CarriedState<LstmState> carried = net.carriedState(memory, 2)) {
            int[] text = new SplittableRandom(5).ints(12, 0, 9).toArray();
            float[] whole = net.forward(tape.integers(Shape.of(6, 2), text)).toArray();
            for (int part = 0; part < 2; part++) {
                tape.reset();
                Tensor window = tape.integers(Shape.of(3, 2), Arrays.copyOfRange(text, part * 6, part * 6 + 6));
                CharLstm.Result<LstmState> result = net.forward(window, carried.on(tape));
                float[] expected = Arrays.copyOfRange(whole, part * 54, part * 54 + 54);
                assertThat(result.logits().toArray()).containsExactly(expected, Offset.offset(1e-6f));
                carried.keep(result.states());
            }
            carried.clear();
            tape.reset();
            Tensor again = tape.integers(Shape.of(6, 2), text);
            assertThat(net.forward(again, carried.on(tape)).logits().toArray()).isEqualTo(whole);
        }
    }

    /** Embedding, gates and their biases, linear layer: each reaches its gradient in a way of its own. */
    @Test
    void aSecondBackwardDoublesEveryGradient() {
        CharLstm net = new CharLstm(9, 5, 6, 2, 0);
        try (Parameters parameters = net.allocate(memory, 1)) {
            int[] text = new SplittableRandom(5).ints(12, 0, 9).toArray();
            float[] gradients = {};
            for (int backward = 1; backward <= 2; backward++) {
                tape.reset();
                Tensor characters = tape.integers(Shape.of(6, 2), text);
                // Used twice, so that one backward, too, adds to a gradient.
                Tensor logits = net.forward(characters).add(net.forward(characters));
                Losses.crossEntropy(logits, characters).backward();
                float[] now = parameters.gradients().toArray(ValueLayout.JAVA_FLOAT);
                if (backward == 1) {
                    gradients = now;
                } else {
                    for (int i = 0; i < gradients.length; i++) {
                        gradients[i] *= 2;
                    }
                    assertThat(now).isEqualTo(gradients);
                }
            }
            assertThat(gradients).isNotEqualTo(new float[gradients.length]);
        }
    }

    @Test
    void unallocatedAndMisnamedModulesAreRefused() {
        Linear net = new Linear(2, 3);
        Tensor src = tape.tensor(Shape.of(1, 2), 1, 2);
        assertThatThrownBy(() -> net.forward(src))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("allocate");
        assertThatThrownBy(net::parameters)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("allocate");
        Parameters parameters = net.allocate(memory, 1);
        assertThatThrownBy(() -> net.allocate(memory, 1)).hasMessageContaining("allocated once");
        assertThatThrownBy(() -> net.forward(tape.tensor(Shape.of(1, 3), 1, 2, 3)))
                .hasMessageContaining("[1x3]")
                .hasMessageContaining("[3x2]");
        parameters.close();
        assertThatThrownBy(() -> net.forward(src)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() ->
                        new Conv2d(3, 4, 3, new io.gatun.autograd.Images.Window(1, 1, 1, 2), true, Init.normal(1)))
                .hasMessageContaining("2 groups");
    }

    @Test
    void tiedWeightsAreStoredOnceAndTrainedBySumOfBothUses() {
        Linear layer = new Linear(3, 3);
        Sequential net = new Sequential(layer, Nonlinearity.tanh(), layer);
        assertThat(net.parameterCount()).isEqualTo(12);
        assertThat(net.stateDict()).containsKeys("0.weight", "2.weight");
        try (Parameters parameters = net.allocate(memory, 1)) {
            assertThat(parameters.parameterCount()).isEqualTo(12);
            assertThat(parameters.get("0.weight")).isSameAs(parameters.get("2.weight"));
        }
    }

    @Test
    void hooksSeeEachModuleOnceUntilTheyAreClosed() {
        ResidualBlock block = ResidualBlock.basic(2, 4, 2);
        Sequential net = new Sequential(block, new GlobalAvgPool(), new Linear(4, 3));
        assertThat(net.modules().keySet())
                .startsWith("", "0", "0.conv1", "0.bn1")
                .contains("0.downsample.1", "1", "2")
                .hasSize(11);
        List<String> seen = new ArrayList<>();
        try (Parameters _ = net.allocate(memory, 1)) {
            List<Module.Registration> hooks = new ArrayList<>();
            net.modules()
                    .forEach((path, module) -> hooks.add(module.onForward((caller, src, dst) -> {
                        assertThat(caller).isSameAs(module);
                        assertThat(src.shape().dim(0)).isEqualTo(dst.shape().dim(0));
                        seen.add(path);
                    })));
            Shape shape = Shape.of(2, 4, 4, 2);
            Tensor result = net.call(tape.tensor(shape, normal(Shape.of(64), 1)));
            assertThat(seen)
                    .containsExactly(
                            "0.downsample.0",
                            "0.downsample.1",
                            "0.downsample",
                            "0.conv1",
                            "0.bn1",
                            "0.conv2",
                            "0.bn2",
                            "0",
                            "1",
                            "2",
                            "");
            assertThat(result.shape()).isEqualTo(Shape.of(2, 3));
            seen.clear();
            hooks.forEach(Module.Registration::close);
            net.call(tape.tensor(shape, normal(Shape.of(64), 1)));
            assertThat(seen).isEmpty();
        }
    }
}
