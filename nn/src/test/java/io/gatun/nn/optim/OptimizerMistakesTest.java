package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.golden.GoldenFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What widely read tutorials say wrongly of optimizers, with the right numbers; B1, B2, B9, B22 of the checklist. */
class OptimizerMistakesTest {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;
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

    /** One number, moved by an optimizer along a gradient that is a function of it. */
    private static final class One implements AutoCloseable {
        final Parameter w;
        final Parameters parameters;
        Optimizer optimizer;

        One(float start) {
            w = Parameter.of(Shape.of(1), (values, shape, seed, index) -> values.set(F32, 0, start));
            parameters = Parameters.builder().add("w", w).build(MEMORY, "one", 1);
        }

        One by(Optimizer by) {
            optimizer = by;
            return this;
        }

        /** How far one step goes. */
        double step(DoubleUnaryOperator gradient) {
            double before = w.toArray()[0];
            w.grad().set(F32, 0, (float) gradient.applyAsDouble(before));
            optimizer.step();
            return before - w.toArray()[0];
        }

        @Override
        public void close() {
            optimizer.close();
            parameters.close();
        }
    }

    private static One adam(float start, float rate, float eps) {
        One one = new One(start);
        Adam.Options options = new Adam.Options(0.9f, 0.999f, eps, 0, false);
        return one.by(new Adam(kernels, MEMORY, one.parameters, Schedule.constant(rate), options));
    }

    /** Along a constant gradient each step of Adam is the rate; without the power t it falls to 0.316 of it. */
    @Test
    void b01AdamCorrectsItsBiasByThePowerOfTheStep() {
        double m = 0;
        double v = 0;
        double wrong = 0;
        try (One one = adam(0, 1e-3f, 1e-8f)) {
            for (int t = 1; t <= 20_000; t++) {
                double right = one.step(_ -> 0.5);
                m = 0.9 * m + 0.1 * 0.5;
                v = 0.999 * v + 0.001 * 0.25;
                wrong = 1e-3 * (m / 0.1) / Math.sqrt(v / 0.001);
                if (t == 1) {
                    assertThat(right).isCloseTo(1e-3, within(1e-9));
                    assertThat(wrong).as("the same at the first step").isCloseTo(1e-3, within(1e-9));
                } else if (t < 1000) {
                    assertThat(right).isCloseTo(1e-3, within(2e-7));
                }
            }
        }
        assertThat(wrong / 1e-3).isCloseTo(Math.sqrt(0.001) / 0.1, within(1e-6)).isCloseTo(0.316, within(5e-4));
    }

    /** θ ← θ − η m̂ / (sqrt(v̂) + ε): eps beside the corrected root, neither under it nor before the correction. */
    @Test
    void b02AdamAddsEpsToTheCorrectedRoot() {
        double eps = 0.1;
        double g = 0.02;
        try (One one = adam(1, 0.5f, (float) eps)) {
            double step = one.step(_ -> g);
            assertThat(step).isCloseTo(0.5 * g / (g + eps), within(1e-6));
            double root = Math.sqrt(0.001) * g;
            assertThat(step).isNotCloseTo(0.5 * 0.1 * g / 0.1 / (root + eps), within(1e-3));
            assertThat(step).isNotCloseTo(0.5 * g / Math.sqrt(g * g + eps), within(1e-3));
        }
    }

    /** An optimizer is no schedule: it is handed one and takes each step's rate from it, Adam too. */
    @Test
    void b09AScheduleIsHandedToTheOptimizer() {
        Schedule schedule = Schedule.steps(0.1f, 2, 0.5f);
        One one = new One(0);
        try (one) {
            one.by(new Adam(kernels, MEMORY, one.parameters, schedule, Adam.Options.DEFAULT));
            for (int t = 0; t < 6; t++) {
                assertThat(one.optimizer.learningRate()).isEqualTo(schedule.learningRate(t));
                assertThat(one.step(_ -> 3)).isCloseTo(schedule.learningRate(t), within(1e-6));
            }
            assertThat((Object) one.optimizer).isNotInstanceOf(Schedule.class);
        }
    }

    /**
     * Momentum as a moving average, v = βv + (1 − β)g and θ −= αv, is PyTorch's without dampening if α (1 − β) is its
     * rate; with dampening β it differs at the first step, which takes the gradient whole.
     */
    @Test
    void b22MomentumIsNoMovingAverage() {
        One plain = new One(1);
        One dampened = new One(1);
        float rate = 0.01f;
        float alpha = 0.1f;
        try (plain;
                dampened) {
            plain.by(new Sgd(kernels, MEMORY, plain.parameters, Schedule.constant(rate), Sgd.Options.momentum(0.9f)));
            dampened.by(new Sgd(
                    kernels,
                    MEMORY,
                    dampened.parameters,
                    Schedule.constant(alpha),
                    new Sgd.Options(0.9f, 0.9f, false, 0)));
            double theta = 1;
            double v = 0;
            for (int t = 0; t < 30; t++) {
                v = 0.9 * v + 0.1 * theta;
                theta -= alpha * v;
                plain.step(w -> w);
                double step = dampened.step(w -> w);
                assertThat((double) plain.w.toArray()[0]).isCloseTo(theta, within(1e-5));
                if (t == 0) {
                    assertThat(step).as("ten times the moving average's").isCloseTo(10 * (1 - theta), within(1e-6));
                }
            }
        }
    }

    /** X = 1..5, y = [2, 3, 3.5, 5, 6.5], from bias 1.5 and slope 0.5, rate 0.01, 100 steps. */
    @ParameterizedTest
    @CsvSource({"fit/mse, 2", "fit/half, 1"})
    void theWorkedLinearFit(String name, double factor) {
        double[] x = {1, 2, 3, 4, 5};
        double[] y = {2, 3, 3.5, 5, 6.5};
        Parameter w = Parameter.of(
                Shape.of(2),
                (values, shape, seed, index) -> MemorySegment.copy(new float[] {1.5f, 0.5f}, 0, values, F32, 0, 2));
        try (GoldenFile golden = GoldenFile.of(OptimizerMistakesTest.class, "optimizers.safetensors");
                Parameters parameters = Parameters.builder().add("w", w).build(MEMORY, "fit", 1);
                Optimizer sgd = new Sgd(kernels, MEMORY, parameters, Schedule.constant(0.01f), Sgd.Options.PLAIN)) {
            float[] wanted = golden.floats(name);
            for (int step = 0; step < 100; step++) {
                double bias = w.toArray()[0];
                double slope = w.toArray()[1];
                double toBias = 0;
                double toSlope = 0;
                for (int i = 0; i < x.length; i++) {
                    double error = bias + slope * x[i] - y[i];
                    toBias += factor * error / x.length;
                    toSlope += factor * error * x[i] / x.length;
                }
                w.grad().setAtIndex(F32, 0, (float) toBias);
                w.grad().setAtIndex(F32, 1, (float) toSlope);
                sgd.step();
                assertThat(w.toArray())
                        .as("after step %d", step)
                        .containsExactly(new float[] {wanted[3 * step], wanted[3 * step + 1]}, within(2e-6f));
            }
        }
    }
}
