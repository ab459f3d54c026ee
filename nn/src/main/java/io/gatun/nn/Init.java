package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.kernel.Shape;
import io.gatun.random.Philox;
import io.gatun.spec.Activation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * First values of parameters, by Philox: a number depends on the seed, on which parameter of the model it belongs to and
 * on its place, and on nothing else. Formulas as in torch.nn.init.
 */
public final class Init {
    /** Steps of a training count from 0 up, so dropout never shares a stream with this. */
    private static final int STEP = -1;

    /** Blocks from here on are for other draws than the first of each element. */
    private static final long SECOND = 1L << 36;

    private static final int ATTEMPTS = 10_000;

    private Init() {}

    /** Which side of a weight decides its scale. */
    public enum Fan {
        /** Inputs of one output: keeps the size of activations. */
        IN,
        /** Outputs of one input: keeps the size of gradients. */
        OUT;

        /** Of weights [out, in] or [out, kh, kw, in]. */
        double of(Shape shape) {
            if (shape.rank() < 2) {
                throw new IllegalArgumentException(
                        "init: " + shape + " has no inputs and outputs; use uniform or normal for it");
            }
            double all = shape.elements();
            return this == IN ? all / shape.dim(0) : all / shape.last();
        }
    }

    /** What torch.nn.init.calculate_gain gives: by how much weights before an activation are larger than before none. */
    public static double gain(Activation activation) {
        return switch (activation.kind()) {
            case IDENTITY, SIGMOID -> 1;
            case TANH -> 5.0 / 3;
            case RELU -> Math.sqrt(2);
            case LEAKY_RELU -> Math.sqrt(2 / (1 + (double) activation.alpha() * activation.alpha()));
            default ->
                throw new IllegalArgumentException("init: no gain is known for " + activation.kind()
                        + "; give a number, for many sqrt 2 as for RELU");
        };
    }

    /** All zeros. */
    public static Initializer zeros() {
        return Initializer.ZEROS;
    }

    /** All ones. */
    public static Initializer ones() {
        return Initializer.ONES;
    }

    /** The same number everywhere. */
    public static Initializer constant(float value) {
        return (values, shape, seed, index) -> {
            for (long i = 0; i < shape.elements(); i++) {
                values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            }
        };
    }

    /** Uniform in [-bound, bound). */
    public static Initializer uniform(double bound) {
        return (values, shape, seed, index) -> uniform(values, shape, seed, index, bound);
    }

    /** Normal with mean 0. */
    public static Initializer normal(double deviation) {
        return (values, shape, seed, index) -> normal(values, shape, seed, index, deviation);
    }

    /**
     * He et al. 2015, uniform: bound = gain · sqrt(3 / fan).
     *
     * @param gain sqrt 2 before a ReLU; PyTorch's default for linear and convolution layers is sqrt(1/3) with
     *     {@link Fan#IN}
     */
    public static Initializer kaimingUniform(Fan fan, double gain) {
        return (values, shape, seed, index) -> uniform(values, shape, seed, index, gain * Math.sqrt(3 / fan.of(shape)));
    }

    /** He et al. 2015, normal: deviation = gain / sqrt(fan); gain is sqrt 2 before a ReLU. */
    public static Initializer kaimingNormal(Fan fan, double gain) {
        return (values, shape, seed, index) -> normal(values, shape, seed, index, gain / Math.sqrt(fan.of(shape)));
    }

    /** What PyTorch gives linear and convolution weights: uniform within ±1 / sqrt(fan in). */
    public static Initializer kaimingUniform() {
        return kaimingUniform(Fan.IN, Math.sqrt(1.0 / 3));
    }

    /** What torchvision gives the convolutions of a ResNet. */
    public static Initializer kaimingNormal() {
        return kaimingNormal(Fan.OUT, Math.sqrt(2));
    }

    /** Glorot and Bengio 2010: uniform within ±gain · sqrt(6 / (fan in + fan out)). */
    public static Initializer xavierUniform(double gain) {
        return (values, shape, seed, index) -> {
            double fans = Fan.IN.of(shape) + Fan.OUT.of(shape);
            uniform(values, shape, seed, index, gain * Math.sqrt(6 / fans));
        };
    }

    /** Glorot and Bengio 2010: normal with deviation gain · sqrt(2 / (fan in + fan out)). */
    public static Initializer xavierNormal(double gain) {
        return (values, shape, seed, index) -> {
            double fans = Fan.IN.of(shape) + Fan.OUT.of(shape);
            normal(values, shape, seed, index, gain * Math.sqrt(2 / fans));
        };
    }

    /**
     * Normal with mean 0, drawn again where it is not within {@code from} and {@code to} (torch.nn.init.trunc_normal_).
     *
     * @throws IllegalArgumentException if next to nothing of the normal is within
     */
    public static Initializer truncatedNormal(double deviation, double from, double to) {
        return (values, shape, seed, index) -> {
            for (long i = 0; i < shape.elements(); i++) {
                values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) truncated(deviation, from, to, seed, index, i));
            }
        };
    }

    /**
     * Rows orthonormal, or columns where there are more rows than columns, times {@code gain} (Saxe et al. 2014,
     * torch.nn.init.orthogonal_). Of weights [out, …] the rows are the outputs and the other axes together the columns.
     */
    public static Initializer orthogonal(double gain) {
        return (values, shape, seed, index) -> Orthogonal.fill(values, shape, seed, index, gain);
    }

    /**
     * Weights [out, in] of which each column has a share of zeros, rounded up; the others normal with mean 0 (Martens
     * 2010, torch.nn.init.sparse_).
     */
    public static Initializer sparse(double share, double deviation) {
        return (values, shape, seed, index) -> {
            normal(values, shape, seed, index, deviation);
            int rows = shape.dim(0);
            int columns = Math.toIntExact(shape.elements() / rows);
            int zeros = (int) Math.ceil(share * rows);
            int[] order = new int[rows];
            for (int column = 0; column < columns; column++) {
                for (int row = 0; row < rows; row++) {
                    order[row] = row;
                }
                for (int row = 0; row < zeros; row++) {
                    int bits = Philox.number(seed, STEP, index, SECOND + (long) column * rows + row, 0);
                    int other = row + (int) ((bits & 0xFFFFFFFFL) * (rows - row) >>> 32);
                    int chosen = order[other];
                    order[other] = order[row];
                    values.setAtIndex(ValueLayout.JAVA_FLOAT, (long) chosen * columns + column, 0);
                }
            }
        };
    }

    /**
     * For the bias [4 h] of an LSTM, gates i, f, g, o: {@code value} for the forget gate, the others by {@code others}
     * (Gers, Schmidhuber and Cummins 2000; Jozefowicz et al. 2015 use 1). A layer has two such biases, which are added:
     * give the value to one and zero to the other.
     */
    public static Initializer forgetBias(float value, Initializer others) {
        return (values, shape, seed, index) -> {
            if (shape.rank() != 1 || shape.dim(0) % 4 != 0) {
                throw new IllegalArgumentException("init: " + shape + " is no bias [4 h] of an LSTM");
            }
            others.fill(values, shape, seed, index);
            int units = shape.dim(0) / 4;
            for (int i = units; i < 2 * units; i++) {
                values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            }
        };
    }

    private static double truncated(double deviation, double from, double to, long seed, int index, long element) {
        int[] block = new int[4];
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Philox.block(seed, STEP, index, element + attempt * SECOND, block);
            double value = Philox.normal(block[0], block[1]) * deviation;
            if (value >= from && value <= to) {
                return value;
            }
        }
        throw new IllegalArgumentException("init: a normal of deviation " + deviation + " is hardly ever within " + from
                + " and " + to + "; widen them");
    }

    /** Number {@code i} of a standard normal. */
    static double normal(long seed, int index, long i) {
        int first = (int) (i % 2) * 2;
        return Philox.normal(
                Philox.number(seed, STEP, index, i / 2, first), Philox.number(seed, STEP, index, i / 2, first + 1));
    }

    private static void uniform(MemorySegment values, Shape shape, long seed, int index, double bound) {
        int[] block = new int[4];
        for (long i = 0; i < shape.elements(); i++) {
            if (i % 4 == 0) {
                Philox.block(seed, STEP, index, i / 4, block);
            }
            float u = Philox.uniform(block[(int) (i % 4)]);
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) ((2.0 * u - 1) * bound));
        }
    }

    private static void normal(MemorySegment values, Shape shape, long seed, int index, double deviation) {
        int[] block = new int[4];
        for (long i = 0; i < shape.elements(); i++) {
            if (i % 2 == 0) {
                Philox.block(seed, STEP, index, i / 2, block);
            }
            int first = (int) (i % 2) * 2;
            values.setAtIndex(
                    ValueLayout.JAVA_FLOAT, i, (float) (Philox.normal(block[first], block[first + 1]) * deviation));
        }
    }
}
