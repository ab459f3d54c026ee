package io.gatun.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/**
 * Compares the tape's gradients with central differences of the forward values, along random directions through all
 * inputs and through each alone.
 *
 * <p>The function is made a number as Σ result · weight with fixed random weights, summed in double on this side, so that
 * the float kernels' rounding is the only noise: about 1e-7 of the result over a step of 1/32. Richardson's combination
 * of steps h and h/2 removes the h² term, so the step can be that large.
 */
final class GradientCheck {
    private static final double STEP = 1.0 / 32;
    private static final long SEED = Long.getLong("gatun.test.seed", 42);

    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 30), true);
    private final Kernels kernels;
    private final String name;
    private final SplittableRandom random;
    private double tolerance = 1e-3;
    private double step = STEP;

    private GradientCheck(Kernels kernels, String name) {
        this.kernels = kernels;
        this.name = name;
        this.random = new SplittableRandom(SEED ^ name.hashCode());
    }

    static GradientCheck of(Kernels kernels, String name) {
        return new GradientCheck(kernels, name);
    }

    /** Relative to |gradient| · |direction|. */
    GradientCheck tolerance(double relative) {
        tolerance = relative;
        return this;
    }

    /** For functions whose curvature or kinks ask for a smaller one. */
    GradientCheck step(double smaller) {
        step = smaller;
        return this;
    }

    /** Normal numbers. */
    float[] normal(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Numbers between 0.2 and 2 with random signs: at least 0.2 from a kink at zero. */
    float[] awayFromZero(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextDouble(0.2, 2) * (random.nextBoolean() ? 1 : -1));
        }
        return values;
    }

    /** Different numbers at least 0.2 apart, in random order: no maximum is a near tie. */
    float[] distinct(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            int j = random.nextInt(i + 1);
            values[i] = values[j];
            values[j] = (i - count / 2) * 0.2f;
        }
        return values;
    }

    /** An input of the function. */
    record Input(Shape shape, float[] values) {}

    static Input input(float[] values, int... dims) {
        return new Input(Shape.of(dims), values);
    }

    /** Checks {@code function}, which makes one tensor of the inputs on the tape. */
    void check(BiFunction<Tape, Tensor[], Tensor> function, Input... inputs) {
        try (Tape tape = new Tape(kernels, memory)) {
            float[][] values = Arrays.stream(inputs).map(Input::values).toArray(float[][]::new);
            float[] weights = normal(run(tape, function, inputs, values, false).result.length);
            float[][] gradients = gradients(tape, function, inputs, weights);
            for (int only = -1; only < inputs.length; only++) {
                if (inputs.length == 1 && only == 0) {
                    continue;
                }
                float[][] direction = new float[inputs.length][];
                for (int i = 0; i < inputs.length; i++) {
                    boolean moved = only < 0 || only == i;
                    direction[i] = moved ? signs(values[i].length) : new float[values[i].length];
                }
                compare(tape, function, inputs, weights, gradients, direction, only);
            }
        }
    }

    private float[] signs(int count) {
        float[] signs = new float[count];
        for (int i = 0; i < count; i++) {
            signs[i] = random.nextBoolean() ? 1 : -1;
        }
        return signs;
    }

    private record Ran(Tensor[] inputs, Tensor output, float[] result) {}

    private static Ran run(
            Tape tape,
            BiFunction<Tape, Tensor[], Tensor> function,
            Input[] inputs,
            float[][] values,
            boolean requiresGrad) {
        tape.reset(1);
        Tensor[] tensors = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            tensors[i] = tape.tensor(inputs[i].shape, values[i]).requiresGrad(requiresGrad);
        }
        Tensor output = function.apply(tape, tensors);
        return new Ran(tensors, output, output.toArray());
    }

    private float[][] gradients(
            Tape tape, BiFunction<Tape, Tensor[], Tensor> function, Input[] inputs, float[] weights) {
        float[][] values = Arrays.stream(inputs).map(Input::values).toArray(float[][]::new);
        Ran ran = run(tape, function, inputs, values, true);
        Tensor weight = tape.tensor(ran.output.shape(), weights);
        ran.output.mul(weight).sum().backward();
        float[][] gradients = new float[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            assertThat(ran.inputs[i].grad())
                    .as("%s: gradient of input %d", name, i)
                    .isNotNull();
            gradients[i] = ran.inputs[i].grad().toArray(ValueLayout.JAVA_FLOAT);
        }
        tape.slab().checkCanaries();
        return gradients;
    }

    private void compare(
            Tape tape,
            BiFunction<Tape, Tensor[], Tensor> function,
            Input[] inputs,
            float[] weights,
            float[][] gradients,
            float[][] direction,
            int only) {
        double analytic = 0;
        double gradientSquares = 0;
        double directionSquares = 0;
        for (int i = 0; i < inputs.length; i++) {
            for (int j = 0; j < gradients[i].length; j++) {
                analytic += (double) gradients[i][j] * direction[i][j];
                gradientSquares += direction[i][j] == 0 ? 0 : (double) gradients[i][j] * gradients[i][j];
                directionSquares += (double) direction[i][j] * direction[i][j];
            }
        }
        double coarse = difference(tape, function, inputs, weights, direction, step);
        double fine = difference(tape, function, inputs, weights, direction, step / 2);
        double numeric = (4 * fine - coarse) / 3;
        assertThat(gradientSquares).as("%s: gradient is all zero", name).isPositive();
        // A random direction sees about |g|, not |g| |d|.
        double scale = Math.sqrt(gradientSquares) * Math.sqrt(directionSquares / Math.max(1, count(direction)));
        assertThat(Math.abs(analytic - numeric))
                .as(
                        "%s, input %s, seed %d: tape %s, difference %s, scale %s",
                        name, only < 0 ? "all" : only, SEED, analytic, numeric, scale)
                .isLessThanOrEqualTo(tolerance * scale);
    }

    private static long count(float[][] direction) {
        long count = 0;
        for (float[] part : direction) {
            for (float v : part) {
                count += v == 0 ? 0 : 1;
            }
        }
        return count;
    }

    private static double difference(
            Tape tape,
            BiFunction<Tape, Tensor[], Tensor> function,
            Input[] inputs,
            float[] weights,
            float[][] direction,
            double step) {
        return (value(tape, function, inputs, weights, direction, step)
                        - value(tape, function, inputs, weights, direction, -step))
                / (2 * step);
    }

    private static double value(
            Tape tape,
            BiFunction<Tape, Tensor[], Tensor> function,
            Input[] inputs,
            float[] weights,
            float[][] direction,
            double step) {
        float[][] moved = new float[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            moved[i] = inputs[i].values.clone();
            for (int j = 0; j < moved[i].length; j++) {
                moved[i][j] += (float) (step * direction[i][j]);
            }
        }
        float[] result = run(tape, function, inputs, moved, false).result;
        double sum = 0;
        for (int i = 0; i < result.length; i++) {
            sum += (double) result[i] * weights[i];
        }
        return sum;
    }
}
