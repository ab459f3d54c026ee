package io.gatun.nn.recurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.CarriedState;
import io.gatun.nn.Gru;
import io.gatun.nn.Init;
import io.gatun.nn.Lstm;
import io.gatun.nn.Recurrent;
import io.gatun.nn.RecurrentOptions;
import io.gatun.nn.Rnn;
import io.gatun.nn.StateBridge;
import io.gatun.spec.Activation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecurrentTest {
    private static final RecurrentOptions BOTH =
            RecurrentOptions.DEFAULT.layers(2).bidirectional(true);

    private static Kernels kernels;

    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), true);

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 2);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static Recurrent<?> net(String cell, int inputs, int hidden, RecurrentOptions options) {
        return switch (cell) {
            case "lstm" -> new Lstm(inputs, hidden, options);
            case "gru" -> new Gru(inputs, hidden, options);
            case "tanh" -> new Rnn(inputs, hidden, Activation.TANH, options);
            default -> new Rnn(inputs, hidden, Activation.RELU, options);
        };
    }

    private static float[] numbers(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] all(List<?> states) {
        List<float[]> parts = new ArrayList<>();
        for (Object state : states) {
            if (state instanceof LstmState(Tensor h, Tensor c)) {
                parts.add(h.toArray());
                parts.add(c.toArray());
            } else {
                parts.add(((Tensor) state).toArray());
            }
        }
        return joined(parts);
    }

    private static float[] joined(List<float[]> parts) {
        float[] all = new float[parts.stream().mapToInt(p -> p.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /** In each of many sizes: two windows, the second from the states that the first ended with, give the whole's bits. */
    @ParameterizedTest
    @CsvSource({
        "lstm, 0, 7", "lstm, 1, 1", "lstm, 2, 16", "lstm, 100, 17",
        "gru, 0, 7", "gru, 1, 1", "gru, 2, 16", "gru, 100, 17",
        "tanh, 0, 7", "tanh, 1, 1", "tanh, 2, 16", "tanh, 100, 17",
        "relu, 2, 16", "relu, 100, 7"
    })
    void splitAndCarriedIsTheWhole(String cell, int t, int hidden) {
        Recurrent<?> net = net(cell, 5, hidden, RecurrentOptions.DEFAULT.layers(2));
        try (Tape tape = new Tape(kernels, memory);
                Parameters _ = net.allocate(memory, 4)) {
            carried(net, tape, t);
        }
    }

    private <S> void carried(Recurrent<S> net, Tape tape, int t) {
        float[] src = numbers(t * 3 * 5, 7);
        tape.reset(1);
        Recurrent.Result<S> whole = net.forward(tape.tensor(Shape.of(t, 3, 5), src), null);
        float[] output = whole.output().toArray();
        float[] last = all(whole.states());
        List<float[]> parts = new ArrayList<>();
        try (CarriedState<S> carried = new CarriedState<>(memory, net, 3)) {
            int cut = t / 2;
            for (int[] window : new int[][] {{0, cut}, {cut, t}}) {
                tape.reset(2);
                float[] part = Arrays.copyOfRange(src, window[0] * 15, window[1] * 15);
                Tensor input = tape.tensor(Shape.of(window[1] - window[0], 3, 5), part);
                Recurrent.Result<S> result = net.forward(input, carried.on(tape));
                parts.add(result.output().toArray());
                carried.keep(result.states());
            }
            assertThat(joined(parts)).isEqualTo(output);
            tape.reset(3);
            assertThat(all(carried.on(tape))).isEqualTo(last);
            assertThat(carried.tensors()).hasSize(net instanceof Lstm ? 4 : 2);
        }
    }

    /** Each sequence of a ragged batch is what it is alone, to the bit; an empty one keeps its state. */
    @ParameterizedTest
    @ValueSource(strings = {"lstm", "gru", "tanh", "relu"})
    void raggedIsEachSequenceAlone(String cell) {
        Recurrent<?> net = net(cell, 3, 5, BOTH);
        try (Tape tape = new Tape(kernels, memory);
                Parameters _ = net.allocate(memory, 4)) {
            tape.reset(1);
            alone(net, tape);
        }
    }

    private static <S> void alone(Recurrent<S> net, Tape tape) {
        int[] lengths = {2, 0, 6, 6, 1};
        int b = lengths.length;
        float[] src = numbers(6 * b * 3, 7);
        for (int t = 0; t < 6; t++) {
            for (int i = 0; i < b; i++) {
                if (t >= lengths[i]) {
                    Arrays.fill(src, (t * b + i) * 3, (t * b + i + 1) * 3, Float.NaN);
                }
            }
        }
        Recurrent.Result<S> ragged = net.forward(tape.tensor(Shape.of(6, b, 3), src), lengths, null);
        assertThat(ragged.output().shape()).isEqualTo(Shape.of(6, b, 10));
        float[] output = ragged.output().toArray();
        float[] states = all(ragged.states());
        int parts = states.length / (b * 5);
        for (int i = 0; i < b; i++) {
            float[] one = new float[lengths[i] * 3];
            for (int t = 0; t < lengths[i]; t++) {
                System.arraycopy(src, (t * b + i) * 3, one, t * 3, 3);
            }
            Recurrent.Result<S> alone = net.forward(tape.tensor(Shape.of(lengths[i], 1, 3), one), null);
            float[] wanted = Arrays.copyOf(alone.output().toArray(), 60);
            float[] actual = new float[60];
            for (int t = 0; t < 6; t++) {
                System.arraycopy(output, (t * b + i) * 10, actual, t * 10, 10);
            }
            assertThat(actual).as("sequence %d", i).isEqualTo(wanted);
            float[] last = all(alone.states());
            for (int part = 0; part < parts; part++) {
                assertThat(Arrays.copyOfRange(states, (part * b + i) * 5, (part * b + i + 1) * 5))
                        .as("state %d of sequence %d", part, i)
                        .isEqualTo(Arrays.copyOfRange(last, part * 5, part * 5 + 5));
            }
        }
    }

    /** A repeated step has the bits of one built anew; with ragged lengths it is built anew, since they may change. */
    @ParameterizedTest
    @CsvSource({"lstm, false", "gru, false", "tanh, false", "relu, false", "lstm, true", "gru, true"})
    void capturedIsBuiltAnew(String cell, boolean ragged) {
        int[] lengths = {3, 5, 1, 2};
        List<float[]> captured = trained(cell, kernels, true, ragged ? lengths : null);
        assertThat(captured)
                .usingRecursiveComparison()
                .isEqualTo(trained(cell, kernels, false, ragged ? lengths : null));
        assertThat(captured.getFirst()).isNotEqualTo(captured.getLast()).doesNotContain(Float.NaN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lstm", "gru", "tanh", "relu"})
    void oneThreadGivesTheBitsOfTwo(String cell) {
        int[] lengths = {3, 5, 1, 2};
        try (Kernels one = Kernels.open("simd", 1)) {
            for (int[] given : new int[][] {null, lengths}) {
                assertThat(trained(cell, one, false, given))
                        .usingRecursiveComparison()
                        .isEqualTo(trained(cell, kernels, false, given));
            }
        }
    }

    /** Gradients of all weights after each of four steps on other inputs, with dropout. */
    private List<float[]> trained(String cell, Kernels on, boolean captured, int[] lengths) {
        Recurrent<?> net = net(cell, 6, 40, BOTH.dropout(0.3f));
        List<float[]> gradients = new ArrayList<>();
        // Debug mode builds each step anew.
        NativeMemory plain = new NativeMemory(new MemoryBudget(1L << 28), false);
        try (Tape tape = new Tape(on, plain, 0, 9);
                Parameters parameters = net.allocate(plain, 4);
                ParameterScope scope = plain.parameters("inputs")) {
            MemorySegment src = scope.allocate(4L * 5 * 4 * 6, "src");
            CapturedStep step = tape.capture(() -> loss(net, tape.input(Shape.of(5, 4, 6), src), lengths));
            for (int number = 0; number < 4; number++) {
                MemorySegment.copy(numbers(120, number), 0, src, ValueLayout.JAVA_FLOAT, 0, 120);
                if (captured) {
                    step.forward(number);
                    step.backward();
                    assertThat(step.repeating()).isEqualTo(number > 0 && lengths == null);
                } else {
                    tape.reset(number);
                    loss(net, tape.input(Shape.of(5, 4, 6), src), lengths).backward();
                }
                gradients.add(parameters.gradientsToRead().toArray(ValueLayout.JAVA_FLOAT));
                parameters.zeroGradients();
                parameters.stepped();
            }
        }
        return gradients;
    }

    private static <S> Tensor loss(Recurrent<S> net, Tensor src, int[] lengths) {
        Recurrent.Result<S> result = lengths == null ? net.forward(src, null) : net.forward(src, lengths, null);
        Object last = result.states().get(1);
        Tensor state = last instanceof LstmState(Tensor h, Tensor c) ? h.add(c) : (Tensor) last;
        Tensor output = result.output();
        return output.mul(output).mean().add(state.mul(state).sum());
    }

    /** No steps, no sequences, or none but empty ones: outputs of zeros or none, and states as they were. */
    @ParameterizedTest
    @CsvSource({"0, 2, false", "3, 0, false", "0, 2, true", "3, 0, true", "3, 2, true"})
    void nothingToRead(int t, int b, boolean ragged) {
        Lstm net = new Lstm(3, 4, RecurrentOptions.DEFAULT.bidirectional(true));
        try (Tape tape = new Tape(kernels, memory);
                Parameters parameters = net.allocate(memory, 4)) {
            tape.reset(1);
            Tensor src = tape.tensor(Shape.of(t, b, 3), numbers(t * b * 3, 1)).requiresGrad(true);
            Tensor h = tape.tensor(Shape.of(b, 4), numbers(b * 4, 2)).requiresGrad(true);
            LstmState state = new LstmState(h, h);
            List<LstmState> initial = List.of(state, state);
            Recurrent.Result<LstmState> result =
                    ragged ? net.forward(src, new int[b], initial) : net.forward(src, initial);
            assertThat(result.output().shape()).isEqualTo(Shape.of(t, b, 8));
            assertThat(result.output().toArray()).containsOnly(new float[t * b > 0 ? 1 : 0]);
            assertThat(all(result.states()))
                    .isEqualTo(joined(List.of(h.toArray(), h.toArray(), h.toArray(), h.toArray())));
            Tensor sum = result.output().sum();
            for (LstmState last : result.states()) {
                sum = sum.add(last.h().sum()).add(last.c().sum());
            }
            sum.backward();
            float[] four = new float[4 * b];
            Arrays.fill(four, 4);
            assertThat(h.grad().toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(four);
            assertThat(parameters.gradientsToRead().toArray(ValueLayout.JAVA_FLOAT))
                    .containsOnly(0);
        }
    }

    /** Between layers and in training alone: one layer has none. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void dropoutIsBetweenTheLayers(int layers) {
        Gru net = new Gru(3, 4, layers, 0.5f);
        try (Tape tape = new Tape(kernels, memory);
                Parameters _ = net.allocate(memory, 4)) {
            tape.reset(1);
            Tensor src = tape.tensor(Shape.of(5, 2, 3), numbers(30, 1));
            float[] trained = net.forward(src).toArray();
            net.eval();
            float[] plain = net.forward(src).toArray();
            if (layers == 1) {
                assertThat(trained).isEqualTo(plain);
            } else {
                assertThat(trained).isNotEqualTo(plain);
            }
        }
    }

    /** Each part of each layer's state: weight · (forward | reverse) + bias. */
    @Test
    void aBridgeMapsBothDirections() {
        Lstm encoder = new Lstm(3, 2, BOTH);
        Lstm decoder = new Lstm(3, 5, 2);
        StateBridge<LstmState> bridge = new StateBridge<>(encoder, decoder);
        try (Tape tape = new Tape(kernels, memory);
                Parameters parameters = bridge.allocate(memory, 4)) {
            tape.reset(1);
            List<LstmState> last = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                last.add(new LstmState(
                        tape.tensor(Shape.of(1, 2), numbers(2, 10 + i)),
                        tape.tensor(Shape.of(1, 2), numbers(2, 20 + i))));
            }
            List<LstmState> first = bridge.join(last);
            assertThat(parameters.named().keySet())
                    .containsExactlyInAnyOrder(
                            "h0.weight",
                            "h0.bias",
                            "c0.weight",
                            "c0.bias",
                            "h1.weight",
                            "h1.bias",
                            "c1.weight",
                            "c1.bias");
            for (int layer = 0; layer < 2; layer++) {
                for (String part : List.of("h", "c")) {
                    float[] weight = parameters.get(part + layer + ".weight").toArray();
                    float[] bias = parameters.get(part + layer + ".bias").toArray();
                    float[] in = joined(List.of(
                            numbers(2, (part.equals("h") ? 10 : 20) + 2 * layer),
                            numbers(2, (part.equals("h") ? 10 : 20) + 2 * layer + 1)));
                    float[] wanted = new float[5];
                    for (int i = 0; i < 5; i++) {
                        wanted[i] = bias[i];
                        for (int k = 0; k < 4; k++) {
                            wanted[i] += weight[i * 4 + k] * in[k];
                        }
                    }
                    LstmState state = first.get(layer);
                    assertThat((part.equals("h") ? state.h() : state.c()).toArray())
                            .containsExactly(wanted, Offset.offset(1e-6f));
                }
            }
        }
        assertThatThrownBy(() -> new StateBridge<>(encoder, new Lstm(3, 5, 1)))
                .hasMessageContaining("an encoder of 2 layers and a decoder of 1 layers");
    }

    @Test
    void forgetGatesBeginOpen() {
        Lstm net = new Lstm(3, 4, BOTH.forgetBias(1).recurrentInit(Init.constant(0.5f)));
        try (Parameters parameters = net.allocate(memory, 4)) {
            for (String layer : List.of("l0", "l0_reverse", "l1", "l1_reverse")) {
                float[] ih = parameters.get("bias_ih_" + layer).toArray();
                float[] hh = parameters.get("bias_hh_" + layer).toArray();
                assertThat(Arrays.copyOfRange(ih, 4, 8)).containsOnly(1f);
                assertThat(Arrays.copyOfRange(hh, 4, 8)).containsOnly(0f);
                assertThat(Arrays.copyOf(ih, 4)).doesNotContain(1f, 0f);
                assertThat(Arrays.copyOfRange(hh, 8, 16)).doesNotContain(1f, 0f);
                assertThat(parameters.get("weight_hh_" + layer).toArray()).containsOnly(0.5f);
            }
            assertThat(net.stateDict().keySet())
                    .startsWith("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse")
                    .hasSize(16);
        }
        assertThatThrownBy(() -> new Gru(3, 4, BOTH.forgetBias(1)))
                .hasMessage("Gru: it has no forget gate to begin with a bias of 1.0; leave it out");
    }

    @Test
    void refusesWhatDoesNotFit() {
        Gru net = new Gru(3, 4, BOTH);
        try (Tape tape = new Tape(kernels, memory);
                Parameters _ = net.allocate(memory, 4)) {
            tape.reset(1);
            Tensor src = tape.tensor(Shape.of(2, 2, 3), numbers(12, 1));
            Tensor state = tape.zeros(Shape.of(2, 4));
            assertThatThrownBy(() -> net.forward(src, List.of(state)))
                    .hasMessage(
                            "Gru: 1 initial states for 2 layers in 2 directions; give one for each, layer by layer");
            assertThatThrownBy(() -> net.forward(src, new int[] {1}, null))
                    .hasMessage("pack: 1 lengths for src [2x2x3] do not fit; give one for each sequence of"
                            + " [t x b x f]");
            assertThatThrownBy(() -> net.forward(src, new int[] {1, 3}, null))
                    .hasMessage("pack: length 3 of [1, 3] is not within src [2x2x3]; give 0 to 2");
            assertThatThrownBy(() -> net.forward(tape.zeros(Shape.of(2, 2, 5))))
                    .hasMessageContaining("gru: src [2x2x5], weightsIh [12x3]");
        }
        assertThatThrownBy(() -> new Rnn(1, 1, Activation.GELU, BOTH))
                .hasMessage("Rnn: gelu is not known; give tanh or relu");
        assertThatThrownBy(() -> RecurrentOptions.DEFAULT.layers(0)).hasMessageContaining("give at least one");
    }
}
