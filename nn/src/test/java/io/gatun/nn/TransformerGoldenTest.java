package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Attention;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.spec.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Attention and Transformer layers against PyTorch, whose numbers {@code transformer.py} wrote: forward and gradients. */
class TransformerGoldenTest {
    private static final int SIZE = 8;
    private static final TransformerOptions OPTIONS =
            TransformerOptions.of(SIZE, 2, 12).withDropout(0);

    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), true);
    private final Kernels kernels = Kernels.open("simd", 2);
    private final Tape tape = new Tape(kernels, memory);
    private final GoldenFile golden = GoldenFile.of(TransformerGoldenTest.class, "transformer/transformer.safetensors");

    @AfterEach
    void close() {
        golden.close();
        tape.close();
        kernels.close();
        assertThat(memory.leaks()).isEmpty();
    }

    /** Relative to the largest number there: sums of some hundred products in float against double. */
    private static void near(String what, Tensor found, float[] expected) {
        near(what, found.toArray(), expected);
    }

    private static void near(String what, float[] found, float[] expected) {
        float largest = 1;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertThat(found).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i]).as(what + " " + i).isCloseTo(expected[i], within(4e-6f * largest));
        }
    }

    private Tensor input(String name) {
        return tape.tensor(golden.shape(name), golden.floats(name)).requiresGrad(true);
    }

    /** Runs the case's module on its inputs, src first, and compares result and gradients. */
    private <M extends Module> void check(String name, M module, BiFunction<M, List<Tensor>, Tensor> forward) {
        try (Parameters parameters = module.allocate(memory, 1)) {
            module.stateDict().forEach((path, parameter) -> parameter.copyFrom(golden.floats(name + "/" + path)));
            parameters.changed();
            List<String> names = golden.has(name + "/memory") ? List.of("src", "memory") : List.of("src");
            List<Tensor> inputs =
                    names.stream().map(input -> input(name + "/" + input)).toList();
            Tensor dst = forward.apply(module, inputs);
            near(name, dst, golden.floats(name + "/dst"));
            dst.mul(tape.tensor(dst.shape(), golden.floats(name + "/diff")))
                    .sum()
                    .backward();
            for (int i = 0; i < inputs.size(); i++) {
                Tensor grad = tape.input(inputs.get(i).shape(), inputs.get(i).grad());
                near(name + " d." + names.get(i), grad, golden.floats(name + "/d." + names.get(i)));
            }
            module.stateDict().forEach((path, parameter) -> {
                Tensor grad = tape.input(parameter.shape(), parameter.grad());
                near(name + " d." + path, grad, golden.floats(name + "/d." + path));
            });
        }
        tape.reset();
    }

    @Test
    void attention() {
        check("mha", new MultiheadAttention(SIZE, 2), (m, in) -> {
            MultiheadAttention.Result result = m.withWeights(in.get(0), in.get(0), null);
            near("weights", result.weights(), golden.floats("mha/weights"));
            return result.output();
        });
        check("mha causal", new MultiheadAttention(SIZE, 2), (m, in) -> {
            Tensor src = in.get(0);
            MultiheadAttention.Result result = m.withWeights(src, src, Attention.causalMask(src));
            near("weights", result.weights(), golden.floats("mha causal/weights"));
            return m.call(src, src, Attention.causalMask(src));
        });
        check("mha cross", new MultiheadAttention(SIZE, 2), (m, in) -> {
            Tensor lengths = tape.integers(Shape.of(3), golden.integers("mha cross/lengths"));
            Tensor mask = Attention.paddingMask(lengths, 4);
            near("weights", m.withWeights(in.get(0), in.get(1), mask).weights(), golden.floats("mha cross/weights"));
            return m.call(in.get(0), in.get(1), mask);
        });
    }

    @Test
    void encoderLayers() {
        check("encoder post", new TransformerEncoderLayer(OPTIONS), (m, in) -> m.call(in.get(0)));
        TransformerOptions pre = OPTIONS.withNormFirst(true);
        check(
                "encoder pre",
                new TransformerEncoderLayer(pre.withActivation(Activation.GELU)),
                (m, in) -> m.call(in.get(0)));
        check(
                "encoders",
                new TransformerEncoder(pre, 2, true),
                (m, in) -> m.call(in.get(0), Attention.causalMask(in.get(0))));
    }

    @Test
    void decoderLayers() {
        for (boolean first : new boolean[] {false, true}) {
            check(
                    first ? "decoder pre" : "decoder post",
                    new TransformerDecoderLayer(OPTIONS.withNormFirst(first)),
                    (m, in) -> m.call(in.get(0), in.get(1), Attention.causalMask(in.get(0)), null));
        }
        check(
                "decoders",
                new TransformerDecoder(OPTIONS, 2, true),
                (m, in) -> m.call(in.get(0), in.get(1), Attention.causalMask(in.get(0)), null));
    }

    @Test
    void positions() {
        PositionalEncoding encoding = new PositionalEncoding(SIZE, 7, 0);
        try (Parameters _ = encoding.allocate(memory, 1)) {
            near("positions", encoding.call(input("positions/src")), golden.floats("positions/dst"));
            assertThatThrownBy(() -> encoding.call(tape.zeros(Shape.of(8, 1, SIZE))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[8x1x8]")
                    .hasMessageContaining("[7x1x8]");
        }
    }

    /** The last query of a causal mask with fewer queries than keys sees all of them. */
    @Test
    void masks() {
        float no = Float.NEGATIVE_INFINITY;
        assertThat(Attention.causalMask(tape, 2, 3).toArray()).containsExactly(0, 0, no, 0, 0, 0);
        assertThatThrownBy(() -> Attention.causalMask(tape, 3, 2)).hasMessageContaining("3 queries");
        Tensor padding = Attention.paddingMask(tape.integers(Shape.of(2), 1, 3), 3);
        assertThat(padding.shape()).isEqualTo(Shape.of(2, 1, 1, 3));
        assertThat(padding.toArray()).containsExactly(0, no, no, 0, 0, 0);
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> new MultiheadAttention(10, 3))
                .hasMessageContaining("10 features cannot be shared by 3 heads");
        MultiheadAttention attention = new MultiheadAttention(SIZE, 2);
        try (Parameters _ = attention.allocate(memory, 1)) {
            assertThatThrownBy(() -> attention.call(tape.zeros(Shape.of(2, 3, 6))))
                    .hasMessageContaining("[2x3x6]")
                    .hasMessageContaining("[t, b, 8]");
        }
        assertThatThrownBy(() -> Attention.scaledDotProduct(
                        tape.zeros(Shape.of(2, 3)), tape.zeros(Shape.of(4, 3)), tape.zeros(Shape.of(5, 3)), null, 0))
                .hasMessageContaining("k [4x3] and v [5x3]");
    }

    /** A step repeated gives the bits of a step built anew, masks and slices of parameters included. */
    @Test
    void repeatedStepsHaveTheSameBits() {
        float[][] seen = new float[2][];
        for (boolean repeat : new boolean[] {false, true}) {
            TransformerDecoder net = new TransformerDecoder(OPTIONS.withDropout(0.2f), 1, true);
            try (Parameters parameters = net.allocate(memory, 3);
                    Tape own = new Tape(kernels, new NativeMemory(new MemoryBudget(1L << 26), false), 0, 5);
                    var source = new Source()) {
                var step = own.capture(() -> {
                    Tensor target = own.input(Shape.of(4, 2, SIZE), source.values);
                    Tensor memory = own.input(Shape.of(3, 2, SIZE), source.values);
                    return net.call(target, memory, Attention.causalMask(target), null)
                            .relu()
                            .mean();
                });
                for (int i = 0; i < 3; i++) {
                    if (repeat) {
                        step.forward(i);
                        step.backward();
                    } else {
                        own.reset(i);
                        Tensor target = own.input(Shape.of(4, 2, SIZE), source.values);
                        Tensor memory = own.input(Shape.of(3, 2, SIZE), source.values);
                        net.call(target, memory, Attention.causalMask(target), null)
                                .relu()
                                .mean()
                                .backward();
                    }
                    // Plain descent, so that each step differs from the one before.
                    float[] values = parameters.values().toArray(ValueLayout.JAVA_FLOAT);
                    float[] gradients = parameters.gradientsToRead().toArray(ValueLayout.JAVA_FLOAT);
                    for (int k = 0; k < values.length; k++) {
                        parameters.values().setAtIndex(ValueLayout.JAVA_FLOAT, k, values[k] - 0.1f * gradients[k]);
                    }
                    parameters.stepped();
                }
                assertThat(!repeat || step.repeating()).isTrue();
                seen[repeat ? 1 : 0] = parameters.values().toArray(ValueLayout.JAVA_FLOAT);
            }
        }
        assertThat(seen[1]).isEqualTo(seen[0]);
        assertThat(Arrays.hashCode(seen[0])).isNotZero();
    }

    /** Inputs in memory that stays. */
    private static final class Source implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment values = arena.allocate(4 * 4 * 2 * SIZE, 64);

        Source() {
            for (int i = 0; i < 4 * 2 * SIZE; i++) {
                values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (i * 37 % 19 - 9) / 5f);
            }
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
