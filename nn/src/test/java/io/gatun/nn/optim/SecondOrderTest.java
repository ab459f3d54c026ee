package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Initializer;
import io.gatun.autograd.Matrices;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.spec.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** L-BFGS, Hessian-vector products and AdaHessian against PyTorch ({@code optimizers_all.py}) and exact Hessians. */
class SecondOrderTest {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;
    private static final NativeMemory MEMORY = NativeMemory.standard();
    private static Kernels kernels;
    private static GoldenFile golden;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 2);
        golden = GoldenFile.of(SecondOrderTest.class, "optimizers.safetensors");
    }

    @AfterAll
    static void close() {
        golden.close();
        kernels.close();
    }

    /** f(a, b) = (1 − a)² + 100 (b − a²)², whose gradient is written here. */
    private static DoubleSupplier rosenbrock(Parameter p) {
        return () -> {
            double a = p.data().getAtIndex(F32, 0);
            double b = p.data().getAtIndex(F32, 1);
            MemorySegment gradient = p.grad();
            gradient.setAtIndex(F32, 0, (float) (-2 * (1 - a) - 400 * a * (b - a * a)));
            gradient.setAtIndex(F32, 1, (float) (200 * (b - a * a)));
            return (1 - a) * (1 - a) + 100 * (b - a * a) * (b - a * a);
        };
    }

    private static Parameter point(float... values) {
        return Parameter.of(
                Shape.of(values.length),
                (memory, shape, seed, index) -> MemorySegment.copy(values, 0, memory, F32, 0, values.length));
    }

    private static Parameters of(Parameter p) {
        return Parameters.builder().add("p", p).build(MEMORY, "point", 1);
    }

    @ParameterizedTest
    @CsvSource({"rosenbrock, 10", "rosenbrock-history, 2"})
    void lbfgsOnRosenbrockAsInPyTorch(String name, int history) {
        float[] wanted = golden.floats("lbfgs/" + name);
        Parameter p = point(-1.2f, 1);
        var options = new Lbfgs.Options(1, 4, 5, 1e-7, 1e-9, history, true);
        try (Parameters parameters = of(p);
                Lbfgs lbfgs = new Lbfgs(MEMORY, parameters, options)) {
            for (int step = 0; step < 6; step++) {
                double loss = lbfgs.step(rosenbrock(p));
                assertThat(loss)
                        .as("loss of step %d", step)
                        .isCloseTo(wanted[4 * step + 2], within(2e-3 + 2e-3 * wanted[4 * step + 2]));
                assertThat(p.toArray())
                        .as("after step %d", step)
                        .containsExactly(new float[] {wanted[4 * step], wanted[4 * step + 1]}, within(2e-3f));
                assertThat(lbfgs.evaluations()).isEqualTo((long) wanted[4 * step + 3]);
            }
        }
    }

    @Test
    void lbfgsFindsTheMinimumOfRosenbrock() {
        Parameter p = point(-1.2f, 1);
        try (Parameters parameters = of(p);
                Lbfgs lbfgs = new Lbfgs(MEMORY, parameters, new Lbfgs.Options(1, 40, 100, 1e-7, 1e-9, 100, true))) {
            lbfgs.step(rosenbrock(p));
            assertThat(p.toArray()).containsExactly(new float[] {1, 1}, within(1e-3f));
            assertThat(golden.floats("lbfgs/rosenbrock-long")[0]).isCloseTo(1, within(1e-3f));
        }
    }

    /** The 2-4-1 net of the script: w1 [4,2], b1 [4], w2 [1,4], b2 [1], mean squared error on 8 points. */
    private record Net(Tape tape, Parameter w1, Parameter b1, Parameter w2, Parameter b2) {
        static Net make(Tape tape) {
            return new Net(tape, slice(0, 4, 2), slice(8, 4), slice(12, 1, 4), slice(16, 1));
        }

        private static Parameter slice(int from, int... dims) {
            return Parameter.of(Shape.of(dims), (values, shape, seed, index) -> {
                for (int i = 0; i < shape.elements(); i++) {
                    values.setAtIndex(F32, i, (float) (0.1 * ((5 * (from + i)) % 7 - 3)));
                }
            });
        }

        Parameters allocate() {
            return Parameters.builder()
                    .add("w1", w1)
                    .add("b1", b1)
                    .add("w2", w2)
                    .add("b2", b2)
                    .build(MEMORY, "net", 1);
        }

        double loss() {
            tape.reset();
            float[] points = new float[16];
            for (int i = 0; i < 8; i++) {
                points[2 * i] = i % 4 / 2f - 0.75f;
                points[2 * i + 1] = i / 4 - 0.5f;
            }
            Tensor x = tape.tensor(Shape.of(8, 2), points);
            Tensor y = tape.tensor(Shape.of(8, 1), 0.5f, -0.5f, 0.25f, 1, -1, 0.75f, 0, -0.25f);
            Tensor h =
                    Activations.activation(Matrices.matmul(x, w1, false, true).add(b1), Activation.TANH);
            Tensor error = Matrices.matmul(h, w2, false, true).add(b2).sub(y);
            Tensor loss = error.mul(error).mean();
            loss.backward();
            return loss.item();
        }
    }

    @ParameterizedTest
    @CsvSource({"net, true", "fixed, false"})
    void lbfgsOnASmallNetAsInPyTorch(String name, boolean strongWolfe) {
        float[] wanted = golden.floats("lbfgs/" + name);
        try (Tape tape = new Tape(kernels, MEMORY)) {
            Net net = Net.make(tape);
            var options = new Lbfgs.Options(strongWolfe ? 1 : 0.2, 4, 5, 1e-7, 1e-9, 10, strongWolfe);
            try (Parameters parameters = net.allocate();
                    Lbfgs lbfgs = new Lbfgs(MEMORY, parameters, options)) {
                for (int step = 0; step < 3; step++) {
                    double loss = lbfgs.step(net::loss);
                    assertThat(loss).isCloseTo(wanted[19 * step + 17], within(2e-4));
                    assertThat(lbfgs.evaluations()).isEqualTo((long) wanted[19 * step + 18]);
                    for (int i = 0; i < 8; i++) {
                        assertThat(net.w1.toArray()[i])
                                .as("w1[%d] after step %d", i, step)
                                .isCloseTo(wanted[19 * step + i], within(1e-3f));
                    }
                }
            }
        }
    }

    @Test
    void lbfgsResumesToTheBitAndLeavesFrozenParameters() {
        try (Tape tape = new Tape(kernels, MEMORY);
                Arena arena = Arena.ofConfined()) {
            Net whole = Net.make(tape);
            Net parted = Net.make(tape);
            Lbfgs.Options options = new Lbfgs.Options(1, 3, 4, 1e-7, 1e-9, 2, true);
            try (Parameters wholeParameters = whole.allocate();
                    Parameters partedParameters = parted.allocate();
                    Lbfgs once = new Lbfgs(MEMORY, wholeParameters, options);
                    Lbfgs first = new Lbfgs(MEMORY, partedParameters, options);
                    Lbfgs second = new Lbfgs(MEMORY, partedParameters, options)) {
                whole.b1.requiresGrad(false);
                parted.b1.requiresGrad(false);
                for (int step = 0; step < 4; step++) {
                    once.step(whole::loss);
                    (step < 2 ? first : second).step(parted::loss);
                    if (step == 1) {
                        second.load(OptimizerOptionsTest.saved(arena, first.save())::get);
                    }
                }
                assertThat(partedParameters.values().toArray(F32))
                        .isEqualTo(wholeParameters.values().toArray(F32));
                assertThat(second.iterations()).isEqualTo(once.iterations());
                assertThat(whole.b1.toArray()).containsExactly(new float[] {0.2f, 0, -0.2f, 0.3f}, within(1e-6f));
            }
        }
    }

    @Test
    void lbfgsRefusesNonsense() {
        assertThatThrownBy(() -> Lbfgs.Options.DEFAULT.withHistory(0)).hasMessageContaining("history=0");
        assertThatThrownBy(() -> Lbfgs.Options.DEFAULT.withRate(Double.NaN)).hasMessageContaining("rate=NaN");
    }

    /** Of mean((x w)²) / 1 the Hessian is 2 xᵀx / n; of the Rosenbrock function it is known too. */
    @Test
    void hessianVectorProductsAreThoseOfExactHessians() {
        Parameter p = point(-0.5f, 0.8f);
        try (Parameters parameters = of(p);
                HessianVector hessian = new HessianVector(MEMORY, parameters);
                Arena arena = Arena.ofConfined()) {
            MemorySegment z = arena.allocate(4 * parameters.count(), 64);
            MemorySegment product = arena.allocate(4 * parameters.count(), 64);
            double a = -0.5;
            double b = 0.8f;
            double[][] exact = {{2 - 400 * (b - 3 * a * a), -400 * a}, {-400 * a, 200}};
            for (float[] of : new float[][] {{1, 0}, {0, 1}, {1, -1}, {-3, 0.5f}}) {
                z.setAtIndex(F32, 0, of[0]);
                z.setAtIndex(F32, 1, of[1]);
                hessian.product(rosenbrock(p), z, product);
                for (int row = 0; row < 2; row++) {
                    double wanted = exact[row][0] * of[0] + exact[row][1] * of[1];
                    assertThat((double) product.getAtIndex(F32, row))
                            .as("row %d", row)
                            .isCloseTo(wanted, within(1e-4 * 200 * Math.hypot(of[0], of[1])));
                }
            }
            assertThat(p.toArray()).as("the weights are as before").containsExactly(-0.5f, 0.8f);
            assertThat(p.grad().getAtIndex(F32, 0)).isZero();
        }
    }

    /** A loss whose Hessian is diagonal, so that Hutchinson's estimate is exact whatever z is. */
    @Test
    void adaHessianAsInPyTorch() {
        float[] wanted = golden.floats("adahessian");
        float[] a = golden.floats("adahessian/a");
        float[] c = golden.floats("adahessian/c");
        var options = new AdaHessian.Options(0.9f, 0.999f, 1e-4f, 0.01f, 1, true, 1, 7);
        try (GoldenModel model = GoldenModel.make(MEMORY);
                AdaHessian optimizer = new AdaHessian(MEMORY, model.parameters(), Schedule.constant(0.15f), options)) {
            model.b().requiresGrad(false);
            float[] frozen = model.b().toArray();
            for (int step = 0; step < 20; step++) {
                optimizer.step(() -> {
                    double loss = 0;
                    for (int i = 0; i < a.length; i++) {
                        double w = model.w().data().getAtIndex(F32, i);
                        model.w().grad().setAtIndex(F32, i, (float) (a[i] * w + c[i] * w * w * w));
                        loss += a[i] * w * w / 2 + c[i] * w * w * w * w / 4;
                    }
                    return loss;
                });
                for (int i = 0; i < a.length; i++) {
                    assertThat(model.w().toArray()[i])
                            .as("w[%d] after step %d", i, step)
                            .isCloseTo(wanted[21 * step + i], within(2e-5f));
                }
            }
            assertThat(model.b().toArray()).isEqualTo(frozen);
        }
    }

    @Test
    void adaHessianResumesToTheBit() {
        try (Tape tape = new Tape(kernels, MEMORY);
                Arena arena = Arena.ofConfined()) {
            Net whole = Net.make(tape);
            Net parted = Net.make(tape);
            try (Parameters wholeParameters = whole.allocate();
                    Parameters partedParameters = parted.allocate();
                    AdaHessian once = adaHessian(wholeParameters);
                    AdaHessian first = adaHessian(partedParameters);
                    AdaHessian second = adaHessian(partedParameters)) {
                double begin = whole.loss();
                for (int step = 0; step < 30; step++) {
                    once.step(whole::loss);
                    (step < 9 ? first : second).step(parted::loss);
                    if (step == 8) {
                        second.load(OptimizerOptionsTest.saved(arena, first.save())::get, first.steps());
                    }
                }
                assertThat(partedParameters.values().toArray(F32))
                        .isEqualTo(wholeParameters.values().toArray(F32));
                assertThat(whole.loss()).isLessThan(0.8 * begin);
            }
        }
    }

    private static AdaHessian adaHessian(Parameters parameters) {
        return new AdaHessian(MEMORY, parameters, Schedule.constant(0.05f), AdaHessian.Options.DEFAULT);
    }

    /** Filters [1, 2, 2, 1]: each gets the mean of the diagonal's magnitudes over the window. */
    @Test
    void adaHessianAveragesWindows() {
        Parameter filter = Parameter.of(Shape.of(1, 2, 2, 1), Initializer.ONES);
        try (Parameters parameters = Parameters.builder().add("w", filter).build(MEMORY, "filter", 1);
                AdaHessian optimizer =
                        new AdaHessian(MEMORY, parameters, Schedule.constant(0.1f), AdaHessian.Options.DEFAULT)) {
            optimizer.step(() -> {
                for (int i = 0; i < 4; i++) {
                    filter.grad().setAtIndex(F32, i, (1 + i) * filter.data().getAtIndex(F32, i));
                }
                return 0;
            });
            for (int i = 0; i < 4; i++) {
                assertThat(filter.toArray()[i]).isCloseTo(1 - 0.1f * (1 + i) / 2.5f, within(1e-4f));
            }
        }
    }
}
