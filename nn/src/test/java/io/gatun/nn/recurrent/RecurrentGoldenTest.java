package io.gatun.nn.recurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Gru;
import io.gatun.nn.Lstm;
import io.gatun.nn.Recurrent;
import io.gatun.nn.RecurrentOptions;
import io.gatun.nn.Rnn;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.spec.Activation;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Layers against torch.nn.RNN, LSTM and GRU: outputs, last states, and the gradients of everything that went in. */
class RecurrentGoldenTest {
    private static final int INPUTS = 2;
    private static final int HIDDEN = 3;

    /** Forward, of values about 1: 4 ceil(log2((i + h) t)) eps for each of t steps of three layers; backward twice that. */
    private static final double FORWARD = 4 * 5 * 0x1p-23 * 5 * 3;

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

    @TestFactory
    Stream<DynamicTest> agreesWithPyTorch() {
        return Stream.of("rnn_tanh", "rnn_relu", "lstm", "gru").flatMap(this::cell);
    }

    private Stream<DynamicTest> cell(String cell) {
        try (GoldenFile golden = GoldenFile.of(RecurrentGoldenTest.class, cell + ".safetensors")) {
            return golden.names().stream()
                    .filter(name -> name.endsWith("/output"))
                    .map(name -> name.substring(0, name.indexOf('/')))
                    .map(name -> DynamicTest.dynamicTest(cell + " " + name, () -> run(cell, name)));
        }
    }

    private void run(String cell, String name) {
        int layers = name.startsWith("layers") ? name.charAt(6) - '0' : 2;
        boolean both = name.contains("both") || name.equals("nobias");
        RecurrentOptions options =
                RecurrentOptions.DEFAULT.layers(layers).bidirectional(both).bias(!name.equals("nobias"));
        try (GoldenFile golden = GoldenFile.of(RecurrentGoldenTest.class, cell + ".safetensors");
                Tape tape = new Tape(kernels, memory)) {
            tape.reset(1);
            switch (cell) {
                case "lstm" -> new Case<>(golden, tape, name, new Lstm(INPUTS, HIDDEN, options)).run(memory);
                case "gru" -> new Case<>(golden, tape, name, new Gru(INPUTS, HIDDEN, options)).run(memory);
                case "rnn_tanh" ->
                    new Case<>(golden, tape, name, new Rnn(INPUTS, HIDDEN, Activation.TANH, options)).run(memory);
                default ->
                    new Case<>(golden, tape, name, new Rnn(INPUTS, HIDDEN, Activation.RELU, options)).run(memory);
            }
        }
    }

    private record Case<S>(GoldenFile golden, Tape tape, String name, Recurrent<S> net) {
        void run(NativeMemory memory) {
            try (Parameters _ = net.allocate(memory, 1)) {
                boolean bias = !name.equals("nobias");
                float[] weights = golden.floats("weights" + net.directions());
                int from = 0;
                for (Parameter parameter : net.stateDict().values()) {
                    int count = Math.toIntExact(parameter.shape().elements());
                    parameter.copyFrom(Arrays.copyOfRange(weights, from, from + count));
                    // The file's weights have two biases behind each pair of matrices.
                    boolean pair = !bias && parameter.label().startsWith("weight_hh");
                    from += count + (pair ? 2 * parameter.shape().dim(0) : 0);
                }
                Tensor src = input("src");
                List<Tensor> given = new ArrayList<>();
                Recurrent.Result<S> result = name.startsWith("truncated") ? truncated(src) : whole(src, given);
                Tensor loss = loss(result);
                loss.backward();
                close("output", result.output().toArray(), FORWARD);
                close("diffSrc", src.grad().toArray(ValueLayout.JAVA_FLOAT), 2 * FORWARD);
                close("diffWeights", gradients(), 2 * FORWARD);
                if (golden.has(name + "/h")) {
                    close("h", stacked(result.states(), 0).toArray(), FORWARD);
                }
                if (golden.has(name + "/c")) {
                    close("c", stacked(result.states(), 1).toArray(), FORWARD);
                }
                for (int part = 0; part < given.size(); part++) {
                    float[] gradient = given.get(part).grad().toArray(ValueLayout.JAVA_FLOAT);
                    close(part == 0 ? "diffH0" : "diffC0", gradient, 2 * FORWARD);
                }
            }
        }

        private Recurrent.Result<S> whole(Tensor src, List<Tensor> given) {
            List<S> initial = name.contains("initial") || name.equals("nobias") ? initial(given) : null;
            return name.contains("ragged") || name.equals("nobias")
                    ? net.forward(src, golden.integers("lengths"), initial)
                    : net.forward(src, initial);
        }

        private Recurrent.Result<S> truncated(Tensor src) {
            int every = Integer.parseInt(name.substring("truncated".length()));
            List<Tensor> outputs = new ArrayList<>();
            List<S> states = null;
            int t = src.shape().dim(0);
            for (int start = 0; start < t; start += every) {
                Tensor window = src.narrow(0, start, Math.min(every, t - start));
                Recurrent.Result<S> ran = net.forward(window, states == null ? null : net.detach(states));
                outputs.add(ran.output());
                states = ran.states();
            }
            return new Recurrent.Result<>(Pieces.concat(0, outputs.toArray(Tensor[]::new)), states);
        }

        /** States cut out of the file's, which collect the gradients. */
        @SuppressWarnings("unchecked")
        private List<S> initial(List<Tensor> given) {
            int count = net.layers() * net.directions();
            given.add(first("h0", count).requiresGrad(true));
            if (net instanceof Lstm) {
                given.add(first("c0", count).requiresGrad(true));
            }
            List<S> states = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Tensor h = given.get(0).select(0, i);
                states.add(
                        (S) (net instanceof Lstm ? new LstmState(h, given.get(1).select(0, i)) : h));
            }
            return states;
        }

        private Tensor loss(Recurrent.Result<S> result) {
            int count = result.states().size();
            Tensor loss =
                    result.output().mul(input("outerOutput" + net.directions())).sum();
            loss = loss.add(
                    stacked(result.states(), 0).mul(first("outerH", count)).sum());
            return net instanceof Lstm
                    ? loss.add(stacked(result.states(), 1)
                            .mul(first("outerC", count))
                            .sum())
                    : loss;
        }

        private Tensor stacked(List<S> states, int part) {
            return Pieces.stack(
                    0,
                    states.stream()
                            .map(state ->
                                    state instanceof LstmState(Tensor h, Tensor c) ? part == 0 ? h : c : (Tensor) state)
                            .toArray(Tensor[]::new));
        }

        private Tensor input(String of) {
            return tape.tensor(golden.shape(of), golden.floats(of)).requiresGrad(of.equals("src"));
        }

        private Tensor first(String of, int count) {
            int[] dims = golden.shape(of).dims();
            int all = count * dims[1] * dims[2];
            return tape.tensor(Shape.of(count, dims[1], dims[2]), Arrays.copyOf(golden.floats(of), all));
        }

        private float[] gradients() {
            List<Float> all = new ArrayList<>();
            for (Parameter parameter : net.stateDict().values()) {
                for (float value : parameter.grad().toArray(ValueLayout.JAVA_FLOAT)) {
                    all.add(value);
                }
            }
            float[] values = new float[all.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = all.get(i);
            }
            return values;
        }

        private void close(String what, float[] actual, double tolerance) {
            float[] wanted = golden.floats(name + "/" + what);
            assertThat(actual).as(what).hasSameSizeAs(wanted);
            double largest = 1;
            for (float value : wanted) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int i = 0; i < wanted.length; i++) {
                assertThat((double) actual[i])
                        .as("%s[%d] of %s", what, i, name)
                        .isCloseTo(wanted[i], Offset.offset(tolerance * largest));
            }
        }
    }
}
