package io.gatun.nn.pointwise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Choices;
import io.gatun.autograd.Lookups;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Concat;
import io.gatun.nn.Conv1d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.Dropout;
import io.gatun.nn.Dropout1d;
import io.gatun.nn.Dropout2d;
import io.gatun.nn.Flatten;
import io.gatun.nn.Highway;
import io.gatun.nn.Identity;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.OnATape;
import io.gatun.nn.PRelu;
import io.gatun.nn.PoolOptions;
import io.gatun.nn.Rbf;
import io.gatun.nn.Residual;
import io.gatun.nn.Sequential;
import io.gatun.nn.Unflatten;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LayersTest extends OnATape {
    /** PyTorch refuses too: an empty result would be found much later. */
    @Test
    void aWindowThatDoesNotFitItsImageIsRefused() {
        Tensor image = tape.full(Shape.of(2, 3, 4, 1), 1);
        with(new Conv2d(1, 2, ConvOptions.kernel(3).dilation(2)), conv -> assertThatThrownBy(() -> conv.call(image))
                .hasMessageContaining("conv2d: a kernel of 5x5")
                .hasMessageContaining("[2x3x3x1]")
                .hasMessageContaining("3x4 of [2x3x4x1]"));
        with(new Conv1d(1, 2, 5, 1, 0), conv -> assertThatThrownBy(() -> conv.call(tape.full(Shape.of(1, 4, 1), 1)))
                .hasMessageContaining("conv1d: a kernel of 1x5"));
        assertThatThrownBy(() -> new MaxPool2d(4).call(image))
                .hasMessageContaining("maxPool: a window of 4x4")
                .hasMessageContaining("[2x3x4x1]");
        assertThat(new MaxPool2d(PoolOptions.window(4).ceilMode(true))
                        .call(image)
                        .shape())
                .isEqualTo(Shape.of(2, 1, 1, 1));
        assertThatThrownBy(() -> new Unflatten(2, 2).call(tape.zeros(Shape.of(0, 3, 4))))
                .hasMessageContaining("Unflatten: src [0x3x4] for [2, 2]");
    }

    // Steps are not repeated where memory is watched.
    private final NativeMemory plain = new NativeMemory(new MemoryBudget(1L << 26), false);
    /** p is the probability of a drop; what is kept is divided by 1 - p, so that the mean stays; eval changes nothing. */
    @Test
    void b16DropoutDropsWithPAndRescales() {
        int count = 100_000;
        Tensor ones = tape.full(Shape.of(count), 1);
        Dropout layer = new Dropout(0.2f);
        double zeros = 0;
        double sum = 0;
        for (float y : layer.call(ones).toArray()) {
            assertThat(y == 0 || Math.abs(y - 1.25f) < 1e-4).isTrue();
            zeros += y == 0 ? 1 : 0;
            sum += y;
        }
        // Five standard deviations of a binomial share.
        double deviation = 5 * Math.sqrt(0.2 * 0.8 / count);
        assertThat(zeros / count).isBetween(0.2 - deviation, 0.2 + deviation);
        assertThat(sum / count).isBetween(1 - 1.25 * deviation, 1 + 1.25 * deviation);
        layer.eval();
        assertThat(layer.call(ones)).isSameAs(ones);
    }

    @Test
    void channelDropoutDropsWholeChannels() {
        Tensor images = tape.full(Shape.of(40, 3, 2, 50), 1).detach();
        float[] y = new Dropout2d(0.3f).call(images).toArray();
        int dropped = 0;
        for (int n = 0; n < 40; n++) {
            for (int c = 0; c < 50; c++) {
                float first = y[n * 300 + c];
                dropped += first == 0 ? 1 : 0;
                for (int pixel = 1; pixel < 6; pixel++) {
                    assertThat(y[n * 300 + pixel * 50 + c]).isEqualTo(first);
                }
            }
        }
        double deviation = 5 * Math.sqrt(0.3 * 0.7 / 2000);
        assertThat(dropped / 2000.0).isBetween(0.3 - deviation, 0.3 + deviation);
        Tensor sequence = tape.full(Shape.of(2, 5, 8), 1);
        assertThat(new Dropout1d(1).call(sequence).toArray()).containsOnly(0);
        assertThat(new Dropout1d(0.5f).eval().call(sequence)).isSameAs(sequence);
        assertThatThrownBy(() -> new Dropout2d(0.5f).call(sequence))
                .hasMessageContaining("Dropout2d")
                .hasMessageContaining("[2x5x8]");
        assertThatThrownBy(() -> new Dropout1d(2)).hasMessageContaining("Dropout1d");
    }

    /** The mask is a function of seed, step and place in the step, and the gradient passes the same mask. */
    @Test
    void channelDropoutIsReproducible() {
        float[][] masks = new float[2][];
        for (int time = 0; time < 2; time++) {
            tape.reset(7);
            Tensor src = tape.full(Shape.of(3, 4, 6), 1).requiresGrad(true);
            Tensor dst = new Dropout1d(0.5f).call(src);
            masks[time] = dst.toArray();
            dst.sum().backward();
            assertThat(src.grad().toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(masks[time]);
        }
        assertThat(masks[0]).isEqualTo(masks[1]).contains(0f, 2f);
        tape.reset(8);
        assertThat(new Dropout1d(0.5f).call(tape.full(Shape.of(3, 4, 6), 1)).toArray())
                .isNotEqualTo(masks[0]);
    }

    @Test
    void sequentialTakesNamesAndFunctions() {
        Sequential net = new Sequential(new Linear(4, 6), Nonlinearity.silu())
                .append(x -> x.clamp(0, 6))
                .append("head", new Linear(6, 2));
        assertThat(net.stateDict()).containsOnlyKeys("0.weight", "0.bias", "head.weight", "head.bias");
        assertThat(net.size()).isEqualTo(4);
        assertThat(net.get(3)).isInstanceOf(Linear.class);
        assertThatThrownBy(() -> net.append("head", new Identity())).hasMessageContaining("head");
        try (Parameters _ = net.allocate(memory, 1)) {
            assertThat(net.call(tape.tensor(Shape.of(3, 4), normal(Shape.of(12), 1)))
                            .shape())
                    .isEqualTo(Shape.of(3, 2));
        }
    }

    @Test
    void shapesAreTurnedAndRefused() {
        Tensor src = tape.tensor(Shape.of(2, 12), normal(Shape.of(24), 1));
        assertThat(new Unflatten(2, 2, 3).call(src).shape()).isEqualTo(Shape.of(2, 2, 2, 3));
        assertThat(new Sequential(new Unflatten(4, 3), new Flatten(), new Identity())
                        .call(src)
                        .toArray())
                .isEqualTo(src.toArray());
        Residual uneven = new Residual(new Linear(12, 5));
        PRelu prelu = new PRelu(5, 0.25f);
        try (Parameters _ = uneven.allocate(memory, 1);
                Parameters _ = prelu.allocate(memory, 1)) {
            assertThatThrownBy(() -> uneven.call(src))
                    .hasMessageContaining("[2x5]")
                    .hasMessageContaining("projection");
            assertThatThrownBy(() -> prelu.call(src))
                    .hasMessageContaining("[2x12]")
                    .hasMessageContaining("[5]");
        }
    }

    /** At b_T = -20 the gate is shut and a highway layer is the identity. */
    @Test
    void aShutHighwayIsTheIdentity() {
        Highway layer = new Highway(5, io.gatun.spec.Activation.RELU, -20);
        try (Parameters _ = layer.allocate(memory, 1)) {
            float[] values = normal(Shape.of(15), 1);
            assertThat(layer.call(tape.tensor(Shape.of(3, 5), values)).toArray())
                    .containsExactly(values, org.assertj.core.data.Offset.offset(1e-4f));
        }
    }

    /** A penalty on a parameter alone: λ Σ w² has the gradient 2 λ w (B13). */
    @Test
    void b13ThePenaltysGradientIsTwice() {
        Linear layer = new Linear(2, 2);
        try (Parameters parameters = layer.allocate(memory, 1)) {
            float[] w = parameters.get("weight").toArray();
            tape.use(parameters.get("weight")).square().sum().scale(0.1f).backward();
            float[] gradient = parameters.get("weight").grad().toArray(ValueLayout.JAVA_FLOAT);
            for (int i = 0; i < w.length; i++) {
                assertThat(gradient[i]).isCloseTo(0.2f * w[i], org.assertj.core.data.Offset.offset(1e-7f));
            }
        }
    }

    /** Everything in one step: built and repeated steps give the same losses and gradients to the bit. */
    @Test
    void aRepeatedStepHasTheBitsOfABuiltOne() {
        Sequential net = new Sequential(new Concat(new Linear(6, 4), new Identity()), new PRelu(10, 0.25f))
                .append("highway", new Highway(10))
                .append("residual", new Residual(new Sequential(new Linear(10, 10), new Dropout(0.25f))))
                .append("rbf", new Rbf(10, 8));
        try (Parameters parameters = net.allocate(plain, 1);
                Tape steps = new Tape(kernels, plain, 0, 3);
                Arena arena = Arena.ofConfined()) {
            MemorySegment inputs = arena.allocate(4 * 6 * 6, 64);
            MemorySegment picks = arena.allocate(4 * 3, 64);
            java.util.function.Supplier<Tensor> code = () -> {
                Tensor x = steps.input(Shape.of(6, 6), inputs);
                Tensor y = net.call(x);
                Tensor picked = Lookups.indexSelect(y, 0, steps.indices(Shape.of(3), picks));
                Tensor parts = Pieces.concat(1, picked.narrow(1, 1, 3), Pieces.pad(picked, 1, 1, 0, 0.5f));
                Tensor masked = parts.maskedFill(
                        x.narrow(0, 0, 3).select(1, 0).reshape(3, 1).relu(), 0.1f);
                Tensor chosen = Choices.where(
                        parts.sub(masked),
                        parts.pow(3),
                        masked.maximum(parts.max(1).reshape(3, 1)));
                return chosen.var().add(y.softplus().log().mean());
            };
            float[][] losses = new float[2][12];
            float[][][] gradients = new float[2][12][];
            for (int mode = 0; mode < 2; mode++) {
                CapturedStep step = steps.capture(code);
                for (int number = 0; number < 12; number++) {
                    MemorySegment.copy(normal(Shape.of(36), number), 0, inputs, ValueLayout.JAVA_FLOAT, 0, 36);
                    int[] rows = new SplittableRandom(number).ints(3, 0, 6).toArray();
                    MemorySegment.copy(rows, 0, picks, ValueLayout.JAVA_INT, 0, 3);
                    if (mode == 0) {
                        steps.reset(number);
                        Tensor loss = code.get();
                        losses[0][number] = loss.item();
                        loss.backward();
                    } else {
                        losses[1][number] = step.forward(number);
                        step.backward();
                        assertThat(step.repeating()).isEqualTo(number > 0);
                    }
                    gradients[mode][number] = parameters.gradients().toArray(ValueLayout.JAVA_FLOAT);
                    parameters.zeroGradients();
                }
            }
            assertThat(losses[1]).isEqualTo(losses[0]).doesNotContain(Float.NaN);
            assertThat(gradients[1]).isDeepEqualTo(gradients[0]);
        }
    }
}
