package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import io.gatun.nn.train.LearningCurves.Signal;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    private final NativeMemory memory = NativeMemory.standard();

    /** Each unit is sigmoid(x - 0.5) of one before whose result is 0.5: at its steepest, and still a quarter each. */
    @Test
    void aChainOfSigmoidsVanishesByAQuarterALayer() {
        int depth = 10;
        List<Module> layers = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            layers.add(new Linear(1, 1));
            layers.add(Nonlinearity.sigmoid());
        }
        Sequential chain = new Sequential(layers.toArray(Module[]::new));
        try (Kernels kernels = Kernels.open("simd", 1, memory);
                Parameters parameters = chain.allocate(memory, 1);
                Tape tape = new Tape(kernels, memory)) {
            parameters.named().forEach((name, parameter) -> parameter.copyFrom(name.endsWith("weight") ? 1f : -0.5f));
            parameters.changed();
            tape.reset(0);
            chain.forward(tape.tensor(Shape.of(1, 1), 0.5f)).sum().backward();
            for (int layer = 0; layer < depth; layer++) {
                Parameter bias = parameters.get(2 * layer + ".bias");
                double gradient = bias.grad().get(ValueLayout.JAVA_FLOAT, 0);
                assertThat(gradient)
                        .isCloseTo(Math.pow(0.25, depth - layer), within(1e-6 * Math.pow(0.25, depth - layer)));
            }
            GradientStatistics statistics = new GradientStatistics();
            List<GradientStatistics.Layer> seen = statistics.look(parameters);
            assertThat(seen)
                    .extracting(GradientStatistics.Layer::layer)
                    .containsExactly("0", "2", "4", "6", "8", "10", "12", "14", "16", "18");
            // The norm of (0.5 g, g).
            assertThat(seen.get(3).norm()).isCloseTo(Math.pow(0.25, 7) * Math.sqrt(1.25), within(1e-10));
            assertThat(seen.get(3).largest()).isCloseTo(Math.pow(0.25, 7), within(1e-10));
            // 0.25^7 = 6.1e-5 of the last layer's is below 1e-4, 0.25^6 is not.
            assertThat(statistics.sick())
                    .extracting(GradientStatistics.Layer::layer)
                    .containsExactly("0", "2", "4");
            assertThat(statistics.sick()).allMatch(layer -> layer.health() == GradientStatistics.Health.VANISHING);
        }
    }

    @Test
    void explodingAndNonFiniteGradientsAreNamed() {
        Sequential net = new Sequential(new Linear(1, 1), new Linear(1, 1));
        try (Kernels kernels = Kernels.open("simd", 1, memory);
                Parameters parameters = net.allocate(memory, 1);
                Tape tape = new Tape(kernels, memory)) {
            for (float x : new float[] {1e6f, Float.NaN}) {
                parameters.zeroGradients();
                tape.reset();
                net.forward(tape.tensor(Shape.of(1, 1), x)).sum().backward();
                List<GradientStatistics.Layer> layers = new GradientStatistics().look(parameters);
                assertThat(layers.getFirst().health())
                        .isEqualTo(
                                x == 1e6f ? GradientStatistics.Health.EXPLODING : GradientStatistics.Health.NON_FINITE);
            }
        }
    }

    @Test
    void looksEverySoManyBatchesAndChangesNoBit() throws Exception {
        float plain;
        try (ToyTask task = new ToyTask()) {
            task.trainer(2).run();
            plain = task.weight();
        }
        try (ToyTask task = new ToyTask()) {
            GradientStatistics statistics = new GradientStatistics(3, 1e-4, 1e3);
            List<Integer> sizes = new ArrayList<>();
            task.trainer(2)
                    .callback(statistics)
                    .callback(new Callback() {
                        @Override
                        public boolean onStep(StepReport report) {
                            return sizes.add(statistics.layers().size());
                        }
                    })
                    .run();
            assertThat(sizes).containsOnly(1);
            assertThat(statistics.sick()).isEmpty();
            assertThat(statistics.layers().getFirst().count()).isEqualTo(6);
            assertThat(task.weight()).isEqualTo(plain);
        }
    }

    @Test
    void deadAndSaturatedUnitsAreCounted() {
        Sequential net =
                new Sequential(new Linear(1, 4), Nonlinearity.relu(), new Linear(4, 2), Nonlinearity.sigmoid());
        try (Kernels kernels = Kernels.open("simd", 1, memory);
                Parameters parameters = net.allocate(memory, 1);
                Tape tape = new Tape(kernels, memory);
                ActivationStatistics statistics =
                        ActivationStatistics.observe(net, Map.of("3", ActivationStatistics.SIGMOID))) {
            parameters.get("0.weight").copyFrom(1, -1, 0, 2);
            // Unit 2 is below 0 for every input: it is dead.
            parameters.get("0.bias").copyFrom(0, 0, -1, 0);
            parameters.get("2.weight").copyFrom(1, 1, 0, 0, 0, 0, 0, 0);
            parameters.get("2.bias").copyFrom(0, 30);
            parameters.changed();
            try (var _ = tape.noGrad()) {
                tape.reset(0);
                net.call(tape.tensor(Shape.of(2, 1), 1, 2));
                tape.reset(1);
                net.call(tape.tensor(Shape.of(1, 1), -1));
            }
            List<ActivationStatistics.Layer> layers = statistics.layers();
            assertThat(layers).extracting(ActivationStatistics.Layer::path).containsExactly("0", "1", "2", "3");
            ActivationStatistics.Layer relu = layers.get(1);
            // Rows (1 0 0 2), (2 0 0 4), (0 1 0 0).
            assertThat(relu.values()).isEqualTo(12);
            assertThat(relu.zeros()).isEqualTo(7.0 / 12);
            assertThat(relu.mean()).isCloseTo(10.0 / 12, within(1e-12));
            assertThat(relu.deviation()).isCloseTo(Math.sqrt(26.0 / 12 - 100.0 / 144), within(1e-12));
            assertThat(relu.units()).isEqualTo(4);
            assertThat(relu.dead()).isEqualTo(1);
            ActivationStatistics.Layer sigmoid = layers.get(3);
            assertThat(sigmoid.saturated()).as("unit 1 is sigmoid(30)").isEqualTo(0.5);
            assertThat(sigmoid.dead()).isEqualTo(1);
            ActivationStatistics over;
            try (var brief = ActivationStatistics.observe(net)) {
                over = brief;
            }
            tape.reset(2);
            net.call(tape.tensor(Shape.of(1, 1), 1));
            assertThat(over.layers()).as("closed").isEmpty();
            assertThatThrownBy(() -> ActivationStatistics.observe(net, Map.of("9", ActivationStatistics.TANH)))
                    .hasMessageContaining("no module is named '9'");
        }
    }

    /** As an initialisation is diagnosed at step 0: weights of deviation 0.1 let 64 inputs shrink, of 2 saturate. */
    @Test
    void aBadInitialisationIsSeenAtStep0() {
        for (float scale : new float[] {0.01f, 3f}) {
            List<Module> layers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                layers.add(new Linear(64, 64));
                layers.add(Nonlinearity.tanh());
            }
            Sequential net = new Sequential(layers.toArray(Module[]::new));
            try (Kernels kernels = Kernels.open("simd", 1, memory);
                    Parameters parameters = net.allocate(memory, 1);
                    Tape tape = new Tape(kernels, memory);
                    var statistics = ActivationStatistics.observe(net, Map.of("7", ActivationStatistics.TANH))) {
                Random random = new Random(5);
                parameters.named().forEach((name, parameter) -> {
                    float[] values = new float[(int) parameter.shape().elements()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = name.endsWith("weight") ? scale * (float) random.nextGaussian() : 0;
                    }
                    parameter.copyFrom(values);
                });
                parameters.changed();
                float[] x = new float[32 * 64];
                for (int i = 0; i < x.length; i++) {
                    x[i] = (float) random.nextGaussian();
                }
                try (var _ = tape.noGrad()) {
                    tape.reset(0);
                    net.call(tape.tensor(Shape.of(32, 64), x));
                }
                ActivationStatistics.Layer last = statistics.layers().getLast();
                if (scale < 1) {
                    assertThat(last.deviation()).isLessThan(1e-3);
                } else {
                    assertThat(last.saturated()).isGreaterThan(0.5);
                }
            }
        }
    }

    @Test
    void curvesTellOverfittingFromLearning() {
        LearningCurves curves = new LearningCurves(3, 1e-3);
        assertThat(curves.signal()).isEqualTo(Signal.TOO_EARLY);
        for (int epoch = 0; epoch < 4; epoch++) {
            curves.add(2 - 0.4 * epoch, 2.1 - 0.3 * epoch);
        }
        assertThat(curves.signal()).isEqualTo(Signal.LEARNING);
        assertThat(curves.trainTrend()).isCloseTo(-0.4, within(1e-12));
        assertThat(curves.testTrend()).isCloseTo(-0.3, within(1e-12));
        assertThat(curves.gap()).isCloseTo(0.4, within(1e-12));
        for (int epoch = 0; epoch < 3; epoch++) {
            curves.add(0.7 - 0.1 * epoch, 1.2 + 0.1 * epoch);
        }
        assertThat(curves.signal()).isEqualTo(Signal.OVERFITTING);
        for (int epoch = 0; epoch < 3; epoch++) {
            curves.add(0.5, 1.4);
        }
        assertThat(curves.signal()).isEqualTo(Signal.CONVERGED);
        LearningCurves stuck = new LearningCurves(3, 1e-3);
        for (int epoch = 0; epoch < 3; epoch++) {
            stuck.add(2.3, 2.3);
        }
        assertThat(stuck.signal()).isEqualTo(Signal.UNDERFITTING);
    }

    @Test
    void converged() {
        Convergence convergence = new Convergence(1e-3, 2);
        assertThat(convergence.reached(1)).isFalse();
        assertThat(convergence.reached(1.0005)).isFalse();
        assertThat(convergence.reached(0.5)).isFalse();
        assertThat(convergence.reached(0.5004)).isFalse();
        assertThat(convergence.reached(0.5)).isTrue();
        assertThat(convergence.reached(Double.NaN)).isFalse();
    }
}
