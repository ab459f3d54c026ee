package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The loops of the activations of a few operations, bound by memory; arguments as in {@link ActivationLoops}. */
final class ArithmeticLoops {
    private static final VectorLoop ABS = loop("abs");
    private static final VectorLoop ABS_BACKWARD = loop("absBackward");
    private static final VectorLoop SQRT = loop("sqrt");
    private static final VectorLoop SQRT_BACKWARD = loop("sqrtBackward");
    private static final VectorLoop SQUARE = loop("square");
    private static final VectorLoop SQUARE_BACKWARD = loop("squareBackward");
    private static final VectorLoop STEP = loop("step");
    private static final VectorLoop STEP_BACKWARD = loop("stepBackward");
    private static final VectorLoop CLAMP = loop("clamp");
    private static final VectorLoop CLAMP_BACKWARD = loop("clampBackward");

    private ArithmeticLoops() {}

    private static VectorLoop loop(String name) {
        return new VectorLoop(MethodHandles.lookup(), name);
    }

    /** n is a whole number of vectors. */
    static void forward(Activation activation, long src, long dst, int n) {
        switch (activation.kind()) {
            case ABS -> ABS.run(src, 0, dst, n, 0);
            case SQRT -> SQRT.run(src, 0, dst, n, 0);
            case SQUARE -> SQUARE.run(src, 0, dst, n, 0);
            case STEP -> STEP.run(src, 0, dst, n, 0);
            case CLAMP -> CLAMP.run(src, Float.floatToRawIntBits(activation.beta()), dst, n, activation.alpha());
            default -> throw new AssertionError(activation);
        }
    }

    /** n is a whole number of vectors; CLAMP takes its upper bound from {@link Activation#beta}. */
    static void backward(Activation activation, long saved, long diffDst, long diffSrc, int n) {
        switch (activation.kind()) {
            case ABS -> ABS_BACKWARD.run(saved, diffDst, diffSrc, n, 0);
            case SQRT -> SQRT_BACKWARD.run(saved, diffDst, diffSrc, n, 0);
            case SQUARE -> SQUARE_BACKWARD.run(saved, diffDst, diffSrc, n, 0);
            case STEP -> STEP_BACKWARD.run(saved, diffDst, diffSrc, n, 0);
            case CLAMP -> {
                // Whether x is inside is whether it is its own clamp, which diffSrc then holds.
                forward(activation, saved, diffSrc, n);
                CLAMP_BACKWARD.run(saved, diffDst, diffSrc, n, 0);
            }
            default -> throw new AssertionError(activation);
        }
    }

    private static void store(long dst, int i, FloatVector v) {
        v.intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
    }

    private static void abs(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(dst, i, load(src + i * 4L).abs());
        }
    }

    /** The sign, 0 at 0, NaN for NaN. */
    private static void absBackward(long src, long diffDst, long diffSrc, int n, float parameter) {
        FloatVector one = Lanes.splat(1f);
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector x = load(src + i * 4L);
            FloatVector sign =
                    x.blend(one, x.compare(VectorOperators.GT, 0f)).blend(one.neg(), x.compare(VectorOperators.LT, 0f));
            store(diffSrc, i, load(diffDst + i * 4L).mul(sign));
        }
    }

    private static void sqrt(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(dst, i, load(src + i * 4L).sqrt());
        }
    }

    private static void sqrtBackward(long dst, long diffDst, long diffSrc, int n, float parameter) {
        FloatVector half = Lanes.splat(0.5f);
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(diffSrc, i, load(diffDst + i * 4L).mul(half.div(load(dst + i * 4L))));
        }
    }

    private static void square(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector x = load(src + i * 4L);
            store(dst, i, x.mul(x));
        }
    }

    private static void squareBackward(long src, long diffDst, long diffSrc, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector x = load(src + i * 4L);
            store(diffSrc, i, load(diffDst + i * 4L).mul(x.add(x)));
        }
    }

    private static void step(long src, long unused, long dst, int n, float parameter) {
        FloatVector zero = Lanes.splat(0f);
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector x = load(src + i * 4L);
            VectorMask<Float> nan = x.test(VectorOperators.IS_NAN);
            store(dst, i, zero.blend(1f, x.compare(VectorOperators.GE, 0f)).blend(x, nan));
        }
    }

    private static void stepBackward(long src, long diffDst, long diffSrc, int n, float parameter) {
        FloatVector zero = Lanes.splat(0f);
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector x = load(src + i * 4L);
            store(diffSrc, i, load(diffDst + i * 4L).mul(zero.blend(x, x.test(VectorOperators.IS_NAN))));
        }
    }

    private static void clamp(long src, long highBits, long dst, int n, float low) {
        float high = Float.intBitsToFloat((int) highBits);
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(dst, i, load(src + i * 4L).max(low).min(high));
        }
    }

    private static void clampBackward(long src, long diffDst, long clamped, int n, float parameter) {
        FloatVector zero = Lanes.splat(0f);
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector x = load(src + i * 4L);
            FloatVector slope = zero.blend(1f, x.compare(VectorOperators.EQ, load(clamped + i * 4L)))
                    .blend(x, x.test(VectorOperators.IS_NAN));
            store(clamped, i, load(diffDst + i * 4L).mul(slope));
        }
    }
}
