package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.nn.io.NamedTensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Twenty steps with every option against PyTorch, whose numbers {@code optimizers_all.py} wrote, after each step. */
class OptimizerOptionsTest {
    private static final int VALUES = 26;
    private static final NativeMemory MEMORY = NativeMemory.standard();
    private static Kernels kernels;
    private static GoldenFile golden;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 2);
        golden = GoldenFile.of(OptimizerOptionsTest.class, "optimizers.safetensors");
    }

    @AfterAll
    static void close() {
        golden.close();
        kernels.close();
    }

    static Optimizer optimizer(String name, Kernels kernels, Parameters p) {
        RmsProp.Options rms = RmsProp.Options.DEFAULT;
        return switch (name) {
            case "sgd-dampening" ->
                new Sgd(kernels, MEMORY, p, Schedule.constant(0.05f), new Sgd.Options(0.9f, 0.9f, false, 0.05f));
            case "sgd-value" ->
                new Sgd(kernels, MEMORY, p, Schedule.constant(0.05f), Sgd.Options.nesterov(0.9f, 0.05f))
                        .clipValue(0.25f);
            case "sgd-norm-value" ->
                new Sgd(kernels, MEMORY, p, Schedule.constant(0.05f), Sgd.Options.PLAIN)
                        .clipNorm(1)
                        .clipValue(0.25f);
            case "sgd-thaw" ->
                new Sgd(kernels, MEMORY, p, Schedule.constant(0.02f), new Sgd.Options(0.9f, 0.5f, false, 0.1f));
            case "adagrad" -> adagrad(kernels, p, 0.01f, Adagrad.Options.DEFAULT);
            case "adagrad-sparse" -> adagrad(kernels, p, 0.1f, Adagrad.Options.DEFAULT);
            case "adagrad-options" ->
                adagrad(kernels, p, 0.1f, new Adagrad.Options(0.05f, 0.1f, 0.1f, 1e-6f))
                        .clipNorm(1);
            case "rmsprop", "rmsprop-sparse" -> rmsProp(kernels, p, rms);
            case "rmsprop-centered" -> rmsProp(kernels, p, new RmsProp.Options(0.9f, 1e-8f, 0, 0.1f, true, false));
            case "rmsprop-momentum" ->
                rmsProp(kernels, p, new RmsProp.Options(0.95f, 1e-3f, 0.9f, 0.1f, false, false))
                        .clipValue(0.3f);
            case "rmsprop-all" ->
                rmsProp(kernels, p, new RmsProp.Options(0.8f, 1e-8f, 0.5f, 0.1f, true, false))
                        .clipNorm(1);
            case "rmsprop-keras" -> rmsProp(kernels, p, new RmsProp.Options(0.9f, 1e-3f, 0, 0, false, true));
            case "adam", "adam-sparse" -> adam(kernels, p, 0.01f, Adam.Options.DEFAULT);
            case "adam-l2" ->
                adam(kernels, p, 0.01f, new Adam.Options(0.8f, 0.95f, 1e-8f, 0.1f, false))
                        .clipValue(0.3f);
            case "adam-amsgrad" ->
                adam(kernels, p, 0.02f, new Adam.Options(0.8f, 0.5f, 1e-8f, 0.1f, true))
                        .clipNorm(1);
            case "adamw-amsgrad" ->
                adamW(kernels, p, 0.02f, new AdamW.Options(0.8f, 0.5f, 1e-8f, 0.1f, true))
                        .clipNorm(1);
            case "adamw-thaw" -> adamW(kernels, p, 0.02f, AdamW.Options.DEFAULT.withWeightDecay(0.1f));
            case "groups" ->
                adamW(kernels, p, 0.02f, AdamW.Options.DEFAULT.withWeightDecay(0.1f))
                        .group("b"::equals, 0.1f, new AdamW.Options(0.5f, 0.9f, 1e-8f, 0))
                        .clipNorm(1);
            default -> throw new AssertionError(name);
        };
    }

    private static Optimizer adagrad(Kernels kernels, Parameters p, float rate, Adagrad.Options options) {
        return new Adagrad(kernels, MEMORY, p, Schedule.constant(rate), options);
    }

    private static Optimizer rmsProp(Kernels kernels, Parameters p, RmsProp.Options options) {
        return new RmsProp(kernels, MEMORY, p, Schedule.constant(0.01f), options);
    }

    private static Optimizer adam(Kernels kernels, Parameters p, float rate, Adam.Options options) {
        return new Adam(kernels, MEMORY, p, Schedule.constant(rate), options);
    }

    private static Optimizer adamW(Kernels kernels, Parameters p, float rate, AdamW.Options options) {
        return new AdamW(kernels, MEMORY, p, Schedule.constant(rate), options);
    }

    private static void step(String name, int t, GoldenModel model, Optimizer optimizer) {
        if (name.endsWith("thaw") && (t == 0 || t == 8)) {
            model.w().requiresGrad(t == 8);
        }
        model.gradient(t, name.endsWith("sparse"));
        optimizer.step();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sgd-dampening",
                "sgd-value",
                "sgd-norm-value",
                "sgd-thaw",
                "adagrad",
                "adagrad-sparse",
                "adagrad-options",
                "rmsprop",
                "rmsprop-sparse",
                "rmsprop-centered",
                "rmsprop-momentum",
                "rmsprop-all",
                "rmsprop-keras",
                "adam",
                "adam-sparse",
                "adam-l2",
                "adam-amsgrad",
                "adamw-amsgrad",
                "adamw-thaw",
                "groups"
            })
    void twentyStepsAsInPyTorch(String name) {
        float[] wanted = golden.floats(name);
        try (GoldenModel model = GoldenModel.make(MEMORY);
                Optimizer optimizer = optimizer(name, kernels, model.parameters())) {
            for (int t = 0; t < GoldenModel.STEPS; t++) {
                step(name, t, model, optimizer);
                assertThat(model.values())
                        .as("after step %d", t)
                        .containsExactly(Arrays.copyOfRange(wanted, t * VALUES, (t + 1) * VALUES), within(3e-6f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sgd-thaw",
                "adagrad-options",
                "rmsprop-all",
                "adam-amsgrad",
                "adamw-amsgrad",
                "adamw-thaw",
                "groups"
            })
    void savedStateContinuesToTheBit(String name) {
        try (Arena arena = Arena.ofConfined();
                GoldenModel whole = GoldenModel.make(MEMORY);
                GoldenModel half = GoldenModel.make(MEMORY);
                GoldenModel resumed = GoldenModel.make(MEMORY);
                Optimizer wholeOptimizer = optimizer(name, kernels, whole.parameters());
                Optimizer halfOptimizer = optimizer(name, kernels, half.parameters());
                Optimizer resumedOptimizer = optimizer(name, kernels, resumed.parameters())) {
            for (int t = 0; t < GoldenModel.STEPS; t++) {
                step(name, t, whole, wholeOptimizer);
            }
            for (int t = 0; t < 11; t++) {
                step(name, t, half, halfOptimizer);
            }
            resumed.parameters().values().copyFrom(half.parameters().values());
            Map<String, NamedTensor> saved = saved(arena, halfOptimizer.save());
            resumedOptimizer.load(saved::get, halfOptimizer.steps());
            for (int t = 11; t < GoldenModel.STEPS; t++) {
                step(name, t, resumed, resumedOptimizer);
            }
            assertThat(resumed.values()).isEqualTo(whole.values());
        }
    }

    static Map<String, NamedTensor> saved(Arena arena, List<NamedTensor> state) {
        Map<String, NamedTensor> saved = new HashMap<>();
        for (NamedTensor tensor : state) {
            var copy = arena.allocate(tensor.data().byteSize(), 8).copyFrom(tensor.data());
            saved.put(tensor.name(), new NamedTensor(tensor.name(), tensor.type(), tensor.shape(), copy));
        }
        return saved;
    }

    @ParameterizedTest
    @ValueSource(strings = {"sgd-value", "adamw-amsgrad", "rmsprop-all"})
    void frozenParametersNeitherMoveNorDecay(String name) {
        try (GoldenModel model = GoldenModel.make(MEMORY);
                Optimizer optimizer = optimizer(name, kernels, model.parameters())) {
            step(name, 0, model, optimizer);
            float[] w = model.w().toArray();
            float[] b = model.b().toArray();
            model.w().requiresGrad(false);
            for (int t = 1; t < 5; t++) {
                step(name, t, model, optimizer);
            }
            assertThat(model.w().toArray()).isEqualTo(w);
            assertThat(model.b().toArray()).isNotEqualTo(b);
            model.w().requiresGrad(true);
            step(name, 5, model, optimizer);
            assertThat(model.w().toArray()).isNotEqualTo(w);
        }
    }

    @Test
    void decayGoesWhereThePredicateSays() {
        try (GoldenModel all = GoldenModel.make(MEMORY);
                Optimizer optimizer =
                        optimizer("adamw-thaw", kernels, all.parameters()).decay(p -> p == all.b())) {
            float[] w = all.w().toArray();
            float[] b = all.b().toArray();
            optimizer.step(); // no gradients: Adam's own step is 0
            assertThat(all.w().toArray()).isEqualTo(w);
            for (int i = 0; i < b.length; i++) {
                assertThat(all.b().toArray()[i]).isCloseTo(b[i] * (1 - 0.02f * 0.1f), within(1e-7f));
            }
        }
    }

    @Test
    void groupsMayHaveOtherRulesAndSchedules() {
        try (GoldenModel model = GoldenModel.make(MEMORY);
                GoldenModel alone = GoldenModel.make(MEMORY);
                Optimizer mixed = optimizer("adam", kernels, model.parameters())
                        .group("b"::equals, Schedule.constant(0.05f), new Sgd.Options(0.9f, 0.9f, false, 0.05f));
                Optimizer sgd = optimizer("sgd-dampening", kernels, alone.parameters())) {
            for (int t = 0; t < 5; t++) {
                model.gradient(t);
                mixed.step();
                alone.gradient(t);
                sgd.step();
            }
            assertThat(model.b().toArray()).isEqualTo(alone.b().toArray());
            assertThat(mixed.learningRate()).isEqualTo(0.01f);
            assertThat(mixed.learningRate(1)).isEqualTo(0.05f);
            assertThatThrownBy(() -> mixed.group("w"::equals, 1, Sgd.Options.PLAIN))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("before the first step");
        }
    }

    @Test
    void groupsWithoutOrWithTwiceAParameterAreRefused() {
        try (GoldenModel model = GoldenModel.make(MEMORY);
                Optimizer optimizer = optimizer("adam", kernels, model.parameters())) {
            assertThatThrownBy(() -> optimizer.group("c"::equals, 1, Adam.Options.DEFAULT))
                    .hasMessageContaining("there are [w, b]");
            optimizer.group("b"::equals, 0, Adam.Options.DEFAULT);
            assertThatThrownBy(() -> optimizer.group(_ -> true, 1, Adam.Options.DEFAULT))
                    .hasMessageContaining("'b' is in another group");
            float[] b = model.b().toArray();
            model.gradient(0);
            optimizer.step();
            assertThat(model.b().toArray()).isEqualTo(b);
            assertThatThrownBy(() -> optimizer.clipValue(0)).hasMessageContaining("clip value 0.0");
            assertThatThrownBy(() -> optimizer.step(0)).hasMessageContaining("0 micro-batches");
        }
    }

    /** Gradients that backward has summed up over k micro-batches, and their mean as one large batch's. */
    @Test
    void theMeanOfMicroBatchesIsOneLargeBatch() {
        try (GoldenModel parts = GoldenModel.make(MEMORY);
                GoldenModel whole = GoldenModel.make(MEMORY);
                Optimizer accumulated = optimizer("adamw-amsgrad", kernels, parts.parameters());
                Optimizer once = optimizer("adamw-amsgrad", kernels, whole.parameters())) {
            for (int t = 0; t < 5; t++) {
                whole.gradient(t);
                parts.gradient(t);
                var gradients = parts.parameters().gradients();
                for (long i = 0; i < parts.parameters().count(); i++) {
                    float value = gradients.getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, i);
                    gradients.setAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, i, 4 * value);
                }
                once.step();
                accumulated.step(4);
                assertThat(accumulated.gradientNorm()).isEqualTo(once.gradientNorm());
            }
            assertThat(parts.values()).isEqualTo(whole.values());
        }
    }
}
