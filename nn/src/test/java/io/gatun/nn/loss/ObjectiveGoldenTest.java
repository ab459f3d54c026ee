package io.gatun.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.AdversarialLosses;
import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.DetectionLosses;
import io.gatun.autograd.DetectionLosses.Yolo;
import io.gatun.autograd.Divergences;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.ReinforcementLosses;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Init;
import io.gatun.nn.OnATape;
import io.gatun.nn.golden.GoldenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Objectives of detection, adversarial and reinforcement learning against PyTorch, {@code objectives.py}: values and gradients. */
class ObjectiveGoldenTest extends OnATape {
    private static final Map<String, Function<List<Tensor>, Tensor>> CASES = Map.of(
            "discriminator", in -> AdversarialLosses.discriminator(in.get(0), in.get(1)),
            "generator", in -> AdversarialLosses.generator(in.get(0)),
            "minimaxGenerator", in -> AdversarialLosses.minimaxGenerator(in.get(0)),
            "dqn", in -> ReinforcementLosses.dqn(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), 0.9f),
            "ppo", in -> ReinforcementLosses.ppo(in.get(0), in.get(1), in.get(2), 0.2f),
            "mixtureNll", in -> Divergences.mixtureNll(in.get(0), in.get(1), in.get(2), in.get(3)),
            "yolo", in -> DetectionLosses.yolo(in.get(0), in.get(1), Yolo.DEFAULT));

    @Test
    void valuesAndGradientsAreThoseOfPyTorch() {
        try (GoldenFile golden = GoldenFile.of(ObjectiveGoldenTest.class, "objectives.safetensors")) {
            assertThat(golden.cases()).containsExactlyInAnyOrderElementsOf(CASES.keySet());
            CASES.forEach((name, objective) -> {
                tape.reset();
                List<Tensor> in = inputs(golden, name);
                Tensor loss = objective.apply(in);
                assertThat(loss.shape()).isEqualTo(Shape.of());
                close(name, loss.toArray(), golden.floats(name + "/loss"));
                loss.backward();
                for (int i = 0; i < in.size(); i++) {
                    if (in.get(i).requiresGrad()) {
                        float[] gradient =
                                tape.input(in.get(i).shape(), in.get(i).grad()).toArray();
                        close(name + " gradient " + i, gradient, golden.floats(name + "/d." + i));
                    }
                }
            });
        }
    }

    private List<Tensor> inputs(GoldenFile golden, String name) {
        List<Tensor> in = new ArrayList<>();
        for (int i = 0; golden.has(name + "/in." + i); i++) {
            String key = name + "/in." + i;
            boolean actions = name.equals("dqn") && i == 1;
            Tensor input = actions
                    ? tape.integers(golden.shape(key), golden.integers(key))
                    : tape.tensor(golden.shape(key), golden.floats(key));
            in.add(golden.has(name + "/d." + i) ? input.requiresGrad(true) : input);
        }
        return in;
    }

    /** 8 ulp, and 8 of the largest number up to 1, which terms that cancel may have had. */
    private static void close(String what, float[] actual, float[] expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double largest = IntStream.range(0, expected.length)
                .mapToDouble(i -> Math.abs(expected[i]))
                .max()
                .orElse(0);
        for (int i = 0; i < actual.length; i++) {
            assertThat(Math.abs((double) actual[i] - expected[i]))
                    .as("%s[%d] is %s, PyTorch's %s", what, i, actual[i], expected[i])
                    .isLessThanOrEqualTo(5e-7 * Math.abs(expected[i]) + 4.8e-7 * Math.min(1, largest));
        }
    }

    /** The choices (a responsible box, a best action, a largest component) are made anew in each repetition. */
    @Test
    void aCapturedStepChoosesAnew() {
        // Debug mode, which this class's memory is in, never repeats.
        NativeMemory plain = NativeMemory.standard();
        try (Parameters parameters = Parameters.builder()
                        .add("w", Parameter.of(Shape.of(2, 28), Init.uniform(1)))
                        .build(plain, "model", 3);
                Tape repeating = new Tape(kernels, plain);
                Arena arena = Arena.ofConfined()) {
            MemorySegment numbers = arena.allocate(224, 64);
            MemorySegment actions = arena.allocate(8, 64);
            Parameter w = parameters.get("w");
            Function<Tape, Tensor> code = on -> {
                Tensor x = on.input(Shape.of(2, 28), numbers).mul(w);
                Tensor cells = x.reshape(2, 2, 2, 7).narrow(3, 0, 6);
                Tensor truth =
                        on.input(Shape.of(2, 28), numbers).reshape(2, 2, 2, 7).narrow(3, 0, 6);
                Tensor q = x.narrow(1, 0, 4);
                Tensor ones = q.detach().select(1, 0);
                Tensor parts = x.narrow(1, 4, 12).reshape(2, 3, 4);
                return DetectionLosses.yolo(cells, truth.detach(), new Yolo(1, 5, 0.5f))
                        .add(ReinforcementLosses.dqn(q, on.indices(Shape.of(2), actions), ones, ones, q, 0.9f))
                        .add(ReinforcementLosses.ppo(x, x.detach().scale(0.9f), x.detach(), 0.2f))
                        .add(Divergences.mixtureNll(x.narrow(1, 0, 3), parts, parts.scale(0.1f), q.detach()))
                        .add(AdversarialLosses.discriminator(x, q))
                        .add(AdversarialLosses.generator(x));
            };
            CapturedStep step = repeating.capture(() -> code.apply(repeating));
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 56; j++) {
                    numbers.setAtIndex(ValueLayout.JAVA_FLOAT, j, (7 * j + 5 * i) % 11 * 0.1f);
                    actions.setAtIndex(ValueLayout.JAVA_INT, j % 2, (i + j) % 4);
                }
                float repeated = step.forward(i);
                step.backward();
                float[] gradient = gradient(w);
                assertThat(step.repeating()).isEqualTo(i > 0);
                parameters.zeroGradients();
                try (Tape other = new Tape(kernels, plain)) {
                    Tensor loss = code.apply(other);
                    loss.backward();
                    assertThat(loss.item()).isEqualTo(repeated).isFinite();
                }
                assertThat(gradient(w)).isEqualTo(gradient);
                parameters.zeroGradients();
            }
        }
    }

    private static float[] gradient(Parameter w) {
        return w.grad().asSlice(0, 224).toArray(ValueLayout.JAVA_FLOAT);
    }

    /** No cell without an object and no box without area makes a NaN. */
    @Test
    void emptyPicturesAndBoxesHaveAFiniteLoss() {
        Tensor nothing = tape.zeros(Shape.of(1, 2, 2, 6));
        assertThat(DetectionLosses.yolo(nothing, nothing, new Yolo(1, 5, 0.5f)).item())
                .isZero();
        Tensor confident = tape.tensor(Shape.of(1, 1, 1, 10), 0, 0, 0, 0, 2, 0, 0, 0, 0, 4);
        Tensor empty = tape.zeros(Shape.of(1, 1, 1, 5));
        assertThat(DetectionLosses.yolo(confident, empty, Yolo.DEFAULT).item()).isEqualTo(0.5f * (4 + 16));
        // λ_coord (0.4² + 0.4²) for a box of one point at the middle of a cell, and 2² for its confidence.
        Tensor object = tape.tensor(Shape.of(1, 1, 1, 5), 0.5f, 0.5f, 0.16f, 0.16f, 1);
        Tensor point = tape.tensor(Shape.of(1, 1, 1, 5), 0.5f, 0.5f, 0, 0, 2);
        assertThat(DetectionLosses.yolo(point, object, new Yolo(1, 5, 0.5f)).item())
                .isEqualTo(5.6f, within(1e-6f));
    }

    @Test
    void refusesWhatDoesNotFit() {
        Tensor cells = tape.zeros(Shape.of(1, 2, 2, 6));
        assertThatThrownBy(() -> DetectionLosses.yolo(cells, cells, Yolo.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "yolo: prediction [1x2x2x6] and target [1x2x2x6] do not fit; give [n, S, S, 5 * 2");
        Tensor rows = tape.zeros(Shape.of(2, 3));
        Tensor actions = tape.integers(Shape.of(2), 0, 3);
        Tensor pair = tape.zeros(Shape.of(2));
        assertThatThrownBy(() -> ReinforcementLosses.dqn(rows, actions, pair, pair, rows, 0.9f))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ReinforcementLosses.dqn(rows, actions, rows, pair, rows, 0.9f))
                .hasMessageContaining("one action, reward and end for each of the 2 rows");
        assertThatThrownBy(() -> ReinforcementLosses.dqn(rows, actions, pair, pair, rows, 2))
                .hasMessageContaining("discount of 2.0");
        assertThatThrownBy(() -> ReinforcementLosses.ppo(pair, pair, rows, 0.2f))
                .hasMessageContaining("ppo");
        assertThatThrownBy(() -> Divergences.mixtureNll(rows, rows, rows, rows))
                .hasMessageContaining("mixtureNll: logits [2x3], means [2x3]");
    }
}
