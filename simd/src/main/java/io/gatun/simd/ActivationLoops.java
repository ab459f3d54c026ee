package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.Activation;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * The loops of the activations that take an exponential: forward (src, -, dst), backward (saved, diffDst, diffSrc).
 *
 * <p>They store with the vector's own method, which C2 inlines by its annotation even past the node count at which it
 * stops inlining ours ({@link VectorLoop}): tanh stands right at that count, and by the profiles of the JVM's earlier
 * work passed it or not, with an object for each vector.
 */
final class ActivationLoops {
    /** Elements of a block that GELU's two halves share in L1. */
    private static final int BLOCK = 1024;

    private static final VectorLoop SIGMOID = loop("sigmoid");
    private static final VectorLoop TANH = loop("tanh");
    private static final VectorLoop ELU = loop("elu");
    private static final VectorLoop ELU_BACKWARD = loop("eluBackward");
    private static final VectorLoop SILU = loop("silu");
    private static final VectorLoop SILU_BACKWARD = loop("siluBackward");
    private static final VectorLoop SOFTPLUS = loop("softplus");
    private static final VectorLoop SOFTPLUS_BACKWARD = loop("softplusBackward");
    private static final VectorLoop EXP = loop("exp");
    private static final VectorLoop LOG = loop("log");
    private static final VectorLoop LOG_BACKWARD = loop("logBackward");
    private static final VectorLoop NORMAL_TAIL = loop("normalTail");
    private static final VectorLoop GELU = loop("gelu");
    private static final VectorLoop GELU_BACKWARD = loop("geluBackward");

    private ActivationLoops() {}

    private static VectorLoop loop(String name) {
        return new VectorLoop(MethodHandles.lookup(), name);
    }

    /**
     * dst = f(src) for any n; dst may be src.
     *
     * @param temporary room for n floats where the activation is GELU and dst is src; else dst itself will do
     */
    static void apply(Activation activation, long src, long temporary, long dst, int n) {
        int whole = Lanes.F.loopBound(n);
        forward(activation, src, temporary, dst, whole);
        for (int i = whole; i < n; i++) {
            Raw.f32(dst, i, ScalarMath.activate(activation, Raw.f32(src, i)));
        }
    }

    /** n is a whole number of vectors; {@code temporary} as in {@link #apply}. */
    static void forward(Activation activation, long src, long temporary, long dst, int n) {
        switch (activation.kind()) {
            case SIGMOID -> SIGMOID.run(src, 0, dst, n, 0);
            case TANH -> TANH.run(src, 0, dst, n, 0);
            case ELU -> ELU.run(src, 0, dst, n, activation.alpha());
            case SILU -> SILU.run(src, 0, dst, n, 0);
            case SOFTPLUS -> SOFTPLUS.run(src, 0, dst, n, 0);
            case EXP -> EXP.run(src, 0, dst, n, 0);
            case LOG -> LOG.run(src, 0, dst, n, 0);
            case ABS, SQRT, SQUARE, STEP, CLAMP -> ArithmeticLoops.forward(activation, src, dst, n);
            case GELU -> {
                for (int from = 0; from < n; from += BLOCK) {
                    int block = Math.min(BLOCK, n - from);
                    NORMAL_TAIL.run(src + from * 4L, 0, temporary + from * 4L, block, 0);
                    GELU.run(src + from * 4L, temporary + from * 4L, dst + from * 4L, block, 0);
                }
            }
            case IDENTITY, RELU, LEAKY_RELU -> throw new AssertionError(activation);
        }
    }

    /** n is a whole number of vectors. */
    static void backward(Activation activation, long src, long diffDst, long diffSrc, int n) {
        switch (activation.kind()) {
            case ELU -> ELU_BACKWARD.run(src, diffDst, diffSrc, n, activation.alpha());
            case SILU -> SILU_BACKWARD.run(src, diffDst, diffSrc, n, 0);
            case SOFTPLUS -> SOFTPLUS_BACKWARD.run(src, diffDst, diffSrc, n, 0);
            case LOG -> LOG_BACKWARD.run(src, diffDst, diffSrc, n, 0);
            case ABS, SQRT, SQUARE, STEP, CLAMP -> ArithmeticLoops.backward(activation, src, diffDst, diffSrc, n);
            case GELU -> {
                for (int from = 0; from < n; from += BLOCK) {
                    int block = Math.min(BLOCK, n - from);
                    NORMAL_TAIL.run(src + from * 4L, 0, diffSrc + from * 4L, block, 0);
                    GELU_BACKWARD.run(src + from * 4L, diffDst + from * 4L, diffSrc + from * 4L, block, 0);
                }
            }
            case IDENTITY, RELU, LEAKY_RELU, SIGMOID, TANH, EXP -> throw new AssertionError(activation);
        }
    }

    private static void sigmoid(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorMath.sigmoid(load(src + i * 4L)).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void tanh(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorMath.tanh(load(src + i * 4L)).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void elu(long src, long unused, long dst, int n, float alpha) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorMath.elu(load(src + i * 4L), alpha).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void eluBackward(long src, long diffDst, long diffSrc, int n, float alpha) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            load(diffDst + i * 4L)
                    .mul(VectorMath.eluDerivative(load(src + i * 4L), alpha))
                    .intoMemorySegment(Raw.MEMORY, diffSrc + i * 4L, Lanes.ORDER);
        }
    }

    private static void silu(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorSmoothUnits.silu(load(src + i * 4L)).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void siluBackward(long src, long diffDst, long diffSrc, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            load(diffDst + i * 4L)
                    .mul(VectorSmoothUnits.siluDerivative(load(src + i * 4L)))
                    .intoMemorySegment(Raw.MEMORY, diffSrc + i * 4L, Lanes.ORDER);
        }
    }

    private static void softplus(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorSmoothUnits.softplus(load(src + i * 4L)).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void softplusBackward(long src, long diffDst, long diffSrc, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            load(diffDst + i * 4L)
                    .mul(VectorMath.sigmoid(load(src + i * 4L)))
                    .intoMemorySegment(Raw.MEMORY, diffSrc + i * 4L, Lanes.ORDER);
        }
    }

    private static void exp(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorMath.exp(load(src + i * 4L)).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void log(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorLog.log(load(src + i * 4L)).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void logBackward(long src, long diffDst, long diffSrc, int n, float parameter) {
        FloatVector one = Lanes.splat(1f);
        for (int i = 0; i < n; i += Lanes.COUNT) {
            load(diffDst + i * 4L)
                    .mul(one.div(load(src + i * 4L)))
                    .intoMemorySegment(Raw.MEMORY, diffSrc + i * 4L, Lanes.ORDER);
        }
    }

    private static void normalTail(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorMath.normalTail(load(src + i * 4L)).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void gelu(long src, long tail, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            VectorMath.gelu(load(src + i * 4L), load(tail + i * 4L))
                    .intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    private static void geluBackward(long src, long diffDst, long diffSrc, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector slope = VectorMath.geluDerivative(load(src + i * 4L), load(diffSrc + i * 4L));
            load(diffDst + i * 4L).mul(slope).intoMemorySegment(Raw.MEMORY, diffSrc + i * 4L, Lanes.ORDER);
        }
    }
}
