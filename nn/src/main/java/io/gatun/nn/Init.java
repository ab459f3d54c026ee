package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.kernel.Shape;
import io.gatun.random.Philox;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * First values of parameters, by Philox: a number depends on the seed, on which parameter of the model it belongs to and
 * on its place, and on nothing else. Formulas as in torch.nn.init.
 */
public final class Init {
    /** Steps of a training count from 0 up, so dropout never shares a stream with this. */
    private static final int STEP = -1;

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
