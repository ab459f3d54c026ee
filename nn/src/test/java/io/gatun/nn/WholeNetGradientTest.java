package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.model.ResNet;
import io.gatun.spec.Activation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Gradients of whole nets against central differences, along one direction through all parameters and one through each
 * parameter. A direction is the gradient's own plus a random one of the same length: the first makes the change of the
 * loss large against its float rounding, the second sees parts of the gradient that are missing.
 */
class WholeNetGradientTest {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;
    private static final long SEED = Long.getLong("gatun.test.seed", 42);
    private static Kernels kernels;

    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 30), false);
    private final SplittableRandom random = new SplittableRandom(SEED);

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    @Test
    void smoothCnn() {
        Module net = new Sequential(
                new Conv2d(3, 6, 3, 1, 1),
                Nonlinearity.gelu(),
                new AvgPool2d(2),
                new Conv2d(6, 8, 3, new Window(2, 1, 1, 2), true, Init.xavierNormal(1)),
                Nonlinearity.tanh(),
                new Flatten(),
                new Linear(8 * 2 * 2, 12, true, Activation.SIGMOID),
                new Linear(12, 5));
        check(net, 3e-2, 1e-3, images(4, 8, net, 5));
    }

    @Test
    void depthwiseCnnWithNormsAndDropout() {
        Module net = new Sequential(
                new Conv2d(3, 8, 3, new Window(1, 1, 1, 1), false, Init.kaimingNormal()),
                new BatchNorm2d(8),
                Nonlinearity.elu(1),
                new Conv2d(8, 8, 3, new Window(1, 2, 2, 8), false, Init.kaimingNormal()),
                new BatchNorm2d(8),
                Nonlinearity.tanh(),
                new Dropout(0.3f),
                new GlobalAvgPool(),
                new Linear(8, 4));
        check(net, 2e-2, 2e-3, images(6, 6, net, 4));
    }

    @Test
    void residualCnn() {
        // ReLUs and maxima change sides within a step: a looser tolerance, on the real net.
        Module net = ResNet.resnet20(10);
        check(net, 2e-3, 3e-2, images(8, 12, net, 10));
    }

    @Test
    void characterLstm() {
        CharLstm net = new CharLstm(11, 6, 8, 2, 0.2f);
        int[] text = random.ints(6 * 3, 0, 11).toArray();
        int[] next = random.ints(6 * 3, 0, 11).toArray();
        check(
                net,
                3e-2,
                2e-3,
                tape -> Losses.crossEntropy(
                        net.forward(tape.integers(Shape.of(6, 3), text)), tape.integers(Shape.of(6, 3), next)));
    }

    @Test
    void lstmAndHeadUsedTwiceWithTheStatePassedOn() {
        Lstm lstm = new Lstm(4, 5, 1);
        Linear head = new Linear(5, 4);
        Module net = new Module() {
            {
                child("lstm", lstm);
                child("head", head);
            }

            @Override
            public Tensor forward(Tensor src) {
                Lstm.Result<LstmState> first = lstm.forward(src, null);
                Tensor prediction = head.forward(first.output());
                Lstm.Result<LstmState> second = lstm.forward(prediction, first.states());
                return head.forward(second.output()).add(prediction);
            }
        };
        float[] series = normal(5 * 6 * 4);
        float[] target = normal(5 * 6 * 4);
        check(
                net,
                3e-2,
                2e-3,
                tape -> Losses.mse(
                        net.forward(tape.tensor(Shape.of(5, 6, 4), series)), tape.tensor(Shape.of(5, 6, 4), target)));
    }

    private float[] normal(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private Function<Tape, Tensor> images(int n, int size, Module net, int classes) {
        float[] pixels = normal(n * size * size * 3);
        int[] labels = random.ints(n, 0, classes).toArray();
        return tape -> Losses.crossEntropy(
                net.forward(tape.tensor(Shape.of(n, size, size, 3), pixels)), tape.integers(Shape.of(n), labels));
    }

    private void check(Module net, double step, double tolerance, Function<Tape, Tensor> loss) {
        try (Parameters parameters = net.allocate(memory, SEED);
                Tape tape = new Tape(kernels, memory)) {
            tape.reset(1);
            Tensor value = loss.apply(tape);
            value.backward();
            double size = value.item();
            float[] all = parameters.gradients().toArray(F32);
            compare(parameters.values(), all, tape, loss, size, step, tolerance, "all parameters");
            List<String> skipped = new ArrayList<>();
            parameters.named().forEach((name, parameter) -> {
                if (parameter.trainable()
                        && !compare(parameter.data(), gradient(parameter), tape, loss, size, step, tolerance, name)) {
                    skipped.add(name);
                }
            });
            assertThat(skipped.size())
                    .as("too small to see: %s", skipped)
                    .isLessThan(parameters.named().size() / 2);
        }
    }

    private static float[] gradient(Parameter parameter) {
        return parameter.grad().toArray(F32);
    }

    /** False if the loss's rounding would drown the difference. */
    private boolean compare(
            MemorySegment values,
            float[] gradient,
            Tape tape,
            Function<Tape, Tensor> loss,
            double size,
            double step,
            double tolerance,
            String name) {
        double length = 0;
        for (float g : gradient) {
            length += (double) g * g;
        }
        length = Math.sqrt(length);
        double noise = 2 * 0x1p-24 * size / step;
        if (noise > tolerance * length / 2) {
            return false;
        }
        float[] direction = new float[gradient.length];
        double analytic = 0;
        for (int i = 0; i < direction.length; i++) {
            double noiseOfUnitLength = random.nextGaussian() / Math.sqrt(direction.length);
            direction[i] = (float) (gradient[i] / length + noiseOfUnitLength);
            analytic += (double) gradient[i] * direction[i];
        }
        double coarse = difference(values, direction, tape, loss, step);
        double fine = difference(values, direction, tape, loss, step / 2);
        double numeric = (4 * fine - coarse) / 3;
        assertThat(Math.abs(analytic - numeric))
                .as(
                        "%s, seed %d: tape %s, differences %s and %s, |gradient| %s",
                        name, SEED, analytic, coarse, fine, length)
                .isLessThanOrEqualTo(tolerance * length + noise);
        return true;
    }

    private static double difference(
            MemorySegment values, float[] direction, Tape tape, Function<Tape, Tensor> loss, double step) {
        float[] before = values.toArray(F32);
        double[] moved = new double[2];
        for (int side = 0; side < 2; side++) {
            for (int i = 0; i < before.length; i++) {
                values.setAtIndex(F32, i, (float) (before[i] + (side == 0 ? step : -step) * direction[i]));
            }
            tape.reset(1);
            try (var _ = tape.noGrad()) {
                moved[side] = loss.apply(tape).item();
            }
        }
        MemorySegment.copy(before, 0, values, F32, 0, before.length);
        return (moved[0] - moved[1]) / (2 * step);
    }
}
