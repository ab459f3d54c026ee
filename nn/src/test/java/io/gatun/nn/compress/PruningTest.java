package io.gatun.nn.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import io.gatun.nn.compress.Pruning.Sparsity;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PruningTest {
    private static final NativeMemory MEMORY = NativeMemory.standard();
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static Parameters one(float... weights) {
        Parameter w = Parameter.of(Shape.of(1, weights.length), Initializer.ZEROS);
        Parameters parameters = Parameters.builder()
                .add("w", w)
                .add("b", Parameter.of(Shape.of(3), Initializer.ONES))
                .build(MEMORY, "one", 1);
        w.copyFrom(weights);
        return parameters;
    }

    /** The net of {@code pruning.py}. */
    private static Module net() {
        return new Sequential(
                new Conv2d(3, 5, ConvOptions.kernel(3)),
                Nonlinearity.relu(),
                new Conv2d(5, 4, ConvOptions.kernel(1, 2)),
                Nonlinearity.relu(),
                new Linear(4, 7));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0", "0.3", "0.5", "0.925", "1.0"})
    void masksArePyTorchs(String amount) {
        for (String how : List.of("layer", "global")) {
            Module net = net();
            try (GoldenFile golden = GoldenFile.of(PruningTest.class, "pruning.safetensors");
                    Parameters parameters = net.allocate(MEMORY, 1);
                    Pruning pruning = new Pruning(MEMORY, parameters)) {
                List<String> names = List.of("0.weight", "2.weight", "4.weight");
                names.forEach(name -> parameters.get(name).copyFrom(golden.floats("net/" + name)));
                if (how.equals("layer")) {
                    pruning.perLayer(Double.parseDouble(amount));
                } else {
                    pruning.global(Double.parseDouble(amount));
                }
                for (int i = 0; i < names.size(); i++) {
                    String name = names.get(i);
                    int[] mask = golden.integers(how + "-" + amount + "/" + name);
                    float[] wanted = golden.floats("net/" + name);
                    long zeros = 0;
                    for (int j = 0; j < mask.length; j++) {
                        wanted[j] = mask[j] == 0 ? 0 : wanted[j];
                        zeros += 1 - mask[j];
                    }
                    assertThat(parameters.get(name).toArray()).as(name).isEqualTo(wanted);
                    assertThat(pruning.report().get(i)).isEqualTo(new Sparsity(name, zeros, mask.length));
                }
            }
        }
    }

    @Test
    void ofEqualMagnitudesTheFirstGoAndWhatIsPrunedStays() {
        try (Parameters parameters = one(2, -1, 1, 3, 1, -1, 0, 5);
                Pruning pruning = new Pruning(MEMORY, parameters)) {
            Parameter w = parameters.get("w");
            pruning.perLayer(0.375);
            assertThat(w.toArray()).containsExactly(2, 0, 0, 3, 1, -1, 0, 5);
            assertThat(pruning.report()).containsExactly(new Sparsity("w", 3, 8));
            // The weight 0 at the front is as small as what is pruned, but a pruned one is never given back for it.
            w.copyFrom(0, 9, 9, 3, 1, -1, 9, 5);
            pruning.perLayer(0.25);
            assertThat(w.toArray()).containsExactly(0, 0, 0, 3, 1, -1, 0, 5);
            assertThat(pruning.sparsity()).isEqualTo(0.375);
            pruning.perLayer(0.5);
            assertThat(pruning.report()).containsExactly(new Sparsity("w", 4, 8));
            w.copyFrom(7, 7, 7, 7, 7, 7, 7, 7);
            pruning.apply();
            assertThat(w.toArray()).containsExactly(0, 0, 0, 7, 7, 7, 0, 7);
            assertThat(parameters.get("b").toArray()).containsExactly(1, 1, 1);
        }
    }

    private static void gradients(Parameters parameters, int step) {
        for (Parameter parameter : parameters.trainable()) {
            for (int i = 0; i < parameter.shape().elements(); i++) {
                parameter.grad().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) Math.sin(i + 3 * step));
            }
        }
    }

    /** Gradients, momentum and decay all pull at pruned weights; in a second run the state goes through a checkpoint. */
    @ParameterizedTest
    @ValueSource(strings = {"sgd", "adamw"})
    void prunedWeightsStayZeroAndARunResumes(String name) {
        float[][] ends = new float[2][];
        for (int run = 0; run < 2; run++) {
            Module net = net();
            try (Arena arena = Arena.ofConfined();
                    Parameters parameters = net.allocate(MEMORY, 4);
                    Pruning first = new Pruning(MEMORY, parameters);
                    Pruning second = new Pruning(MEMORY, parameters);
                    Optimizer before = optimizer(name, parameters).attach(first);
                    Optimizer after = optimizer(name, parameters).attach(second)) {
                PruningSchedule growing = new PruningSchedule(0.2, 0.8, 4, 14, 5);
                first.global(growing);
                second.global(growing);
                for (int step = 0; step < 20; step++) {
                    if (run == 1 && step == 7) {
                        after.load(saved(arena, before.save())::get, 7);
                    }
                    boolean resumed = run == 1 && step >= 7;
                    gradients(parameters, step);
                    (resumed ? after : before).step();
                    double wanted = step < 3 ? 0 : step < 8 ? 0.2 : step < 13 ? growing.amount(9) : 0.8;
                    Pruning pruning = resumed ? second : first;
                    assertThat(pruning.sparsity()).isCloseTo(wanted, within(0.5 / 203));
                    assertThat(zeros(parameters)).isEqualTo(Math.round(pruning.sparsity() * 203));
                }
                ends[run] = parameters.values().toArray(ValueLayout.JAVA_FLOAT);
            }
        }
        assertThat(ends[1]).isEqualTo(ends[0]);
    }

    private static Optimizer optimizer(String name, Parameters parameters) {
        Schedule rate = Schedule.constant(0.01f);
        return name.equals("sgd")
                ? new Sgd(kernels, MEMORY, parameters, rate, Sgd.Options.nesterov(0.9f, 0.01f))
                : new AdamW(kernels, MEMORY, parameters, rate, AdamW.Options.DEFAULT);
    }

    private static long zeros(Parameters parameters) {
        long zeros = 0;
        for (Parameter parameter : parameters.trainable()) {
            for (float weight : parameter.shape().rank() > 1 ? parameter.toArray() : new float[0]) {
                zeros += weight == 0 ? 1 : 0;
            }
        }
        return zeros;
    }

    private static Map<String, NamedTensor> saved(Arena arena, List<NamedTensor> state) {
        Map<String, NamedTensor> saved = new HashMap<>();
        for (NamedTensor tensor : state) {
            var copy = arena.allocate(tensor.data().byteSize(), 8).copyFrom(tensor.data());
            saved.put(tensor.name(), new NamedTensor(tensor.name(), tensor.type(), tensor.shape(), copy));
        }
        return saved;
    }

    /** The cube: seven eighths of the way at half time. */
    @Test
    void theScheduleIsCubic() {
        PruningSchedule schedule = new PruningSchedule(0.1, 0.9, 10, 30, 7);
        assertThat(schedule.amount(9)).isZero();
        assertThat(schedule.amount(10)).isCloseTo(0.1, within(1e-15));
        assertThat(schedule.amount(20)).isCloseTo(0.1 + 0.8 * 7 / 8, within(1e-15));
        assertThat(schedule.amount(30)).isEqualTo(0.9);
        assertThat(schedule.amount(99)).isEqualTo(0.9);
        assertThat(LongStream.range(0, 99).filter(schedule::due)).containsExactly(10L, 17L, 24L, 30L);
    }

    @Test
    void whatCannotBeSaysWhy() {
        try (Parameters parameters = one(1, Float.NaN);
                Pruning pruning = new Pruning(MEMORY, parameters)) {
            assertThatThrownBy(() -> pruning.global(1.1)).hasMessageContaining("1.1 of weights");
            assertThatThrownBy(() -> pruning.perLayer(Double.NaN)).hasMessageContaining("not within 0 and 1");
            assertThatThrownBy(() -> pruning.perLayer(1)).hasMessageContaining("weights are NaN");
            assertThatThrownBy(() -> new Pruning(MEMORY, parameters, name -> name.equals("b")))
                    .hasMessageContaining("no parameter with more than one axis is chosen of [w, b]");
            assertThatThrownBy(() -> new PruningSchedule(0.5, 0.4, 1, 2, 1)).hasMessageContaining("from 0.5 to 0.4");
            assertThatThrownBy(() -> pruning.load(name -> new NamedTensor(
                            name,
                            TensorType.U8,
                            new long[] {3, 1},
                            Arena.ofAuto().allocate(3))))
                    .hasMessageContaining("pruning.mask.w U8[3, 1] does not fit pruning.mask.w U8[1, 2]");
        }
    }
}
