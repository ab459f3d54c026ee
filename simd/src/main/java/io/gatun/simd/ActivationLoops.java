package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.spec.Activation;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** The loops of the activations that take an exponential: forward (src, -, dst), backward (saved, diffDst, diffSrc). */
final class ActivationLoops {
    /** Elements of a block that GELU's two halves share in L1. */
    private static final int BLOCK = 1024;

    private static final VectorLoop SIGMOID = loop("sigmoid");
    private static final VectorLoop TANH = loop("tanh");
    private static final VectorLoop ELU = loop("elu");
    private static final VectorLoop ELU_BACKWARD = loop("eluBackward");
    private static final VectorLoop NORMAL_TAIL = loop("normalTail");
    private static final VectorLoop GELU = loop("gelu");
    private static final VectorLoop GELU_BACKWARD = loop("geluBackward");

    private ActivationLoops() {}

    private static VectorLoop loop(String name) {
        return new VectorLoop(MethodHandles.lookup(), name);
    }

    /** n is a whole number of vectors. */
    static void forward(Activation activation, long src, long dst, int n) {
        switch (activation.kind()) {
            case SIGMOID -> SIGMOID.run(src, 0, dst, n, 0);
            case TANH -> TANH.run(src, 0, dst, n, 0);
            case ELU -> ELU.run(src, 0, dst, n, activation.alpha());
            case GELU -> {
                for (int from = 0; from < n; from += BLOCK) {
                    int block = Math.min(BLOCK, n - from);
                    NORMAL_TAIL.run(src + from * 4L, 0, dst + from * 4L, block, 0);
                    GELU.run(src + from * 4L, 0, dst + from * 4L, block, 0);
                }
            }
            case IDENTITY, RELU, LEAKY_RELU -> throw new AssertionError(activation);
        }
    }

    /** n is a whole number of vectors; for ELU and GELU, whose derivatives take an exponential too. */
    static void backward(Activation activation, long src, long diffDst, long diffSrc, int n) {
        if (activation.kind() == Activation.Kind.ELU) {
            ELU_BACKWARD.run(src, diffDst, diffSrc, n, activation.alpha());
            return;
        }
        for (int from = 0; from < n; from += BLOCK) {
            int block = Math.min(BLOCK, n - from);
            NORMAL_TAIL.run(src + from * 4L, 0, diffSrc + from * 4L, block, 0);
            GELU_BACKWARD.run(src + from * 4L, diffDst + from * 4L, diffSrc + from * 4L, block, 0);
        }
    }

    private static void sigmoid(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(dst + i * 4L, VectorMath.sigmoid(load(src + i * 4L)));
        }
    }

    private static void tanh(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(dst + i * 4L, VectorMath.tanh(load(src + i * 4L)));
        }
    }

    private static void elu(long src, long unused, long dst, int n, float alpha) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(dst + i * 4L, VectorMath.elu(load(src + i * 4L), alpha));
        }
    }

    private static void eluBackward(long src, long diffDst, long diffSrc, int n, float alpha) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(diffSrc + i * 4L, load(diffDst + i * 4L).mul(VectorMath.eluDerivative(load(src + i * 4L), alpha)));
        }
    }

    private static void normalTail(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(dst + i * 4L, VectorMath.normalTail(load(src + i * 4L)));
        }
    }

    private static void gelu(long src, long unused, long dst, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            store(dst + i * 4L, VectorMath.gelu(load(src + i * 4L), load(dst + i * 4L)));
        }
    }

    private static void geluBackward(long src, long diffDst, long diffSrc, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector slope = VectorMath.geluDerivative(load(src + i * 4L), load(diffSrc + i * 4L));
            store(diffSrc + i * 4L, load(diffDst + i * 4L).mul(slope));
        }
    }
}
