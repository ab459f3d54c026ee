package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Some rows of a block of units of a plain recurrent step after the products, and its backward. One function an element.
 * All operands are rows of {@link UnitBlocks#WIDTH}.
 */
final class RnnCell {
    private static final VectorLoop RELU = new VectorLoop(MethodHandles.lookup(), "relu");
    private static final VectorLoop TANH_BACKWARD = new VectorLoop(MethodHandles.lookup(), "tanhBackward");
    private static final VectorLoop RELU_BACKWARD = new VectorLoop(MethodHandles.lookup(), "reluBackward");

    private RnnCell() {}

    /** h = act(x + y + bias); x is overwritten. */
    static void forward(Activation activation, long x, long y, long bias, long hidden, int rows) {
        int n = rows * UnitBlocks.WIDTH;
        UnitBlocks.biased(x, bias, x, rows);
        UnitBlocks.add(y, x, rows);
        if (activation.kind() == Activation.Kind.RELU) {
            RELU.run(x, 0, hidden, n, 0);
        } else {
            ActivationLoops.forward(activation, x, 0, hidden, n);
        }
    }

    private static void relu(long x, long unused, long to, int n, float parameter) {
        for (long at = 0; at < 4L * n; at += Lanes.BYTES) {
            VectorMath.relu(load(x + at)).intoMemorySegment(Raw.MEMORY, to + at, Lanes.ORDER);
        }
    }

    /** h = act(s): d(s) = d(h)·(1 - h²) for tanh, d(h) where h &gt; 0 for ReLU. */
    static void backward(Activation activation, long hidden, long diff, long out, int rows) {
        VectorLoop loop = activation.kind() == Activation.Kind.RELU ? RELU_BACKWARD : TANH_BACKWARD;
        loop.run(hidden, diff, out, rows * UnitBlocks.WIDTH, 0);
    }

    private static void tanhBackward(long hidden, long diff, long to, int n, float parameter) {
        for (long at = 0; at < 4L * n; at += Lanes.BYTES) {
            FloatVector h = load(hidden + at);
            load(diff + at).mul(h.neg().fma(h, splat(1f))).intoMemorySegment(Raw.MEMORY, to + at, Lanes.ORDER);
        }
    }

    private static void reluBackward(long hidden, long diff, long to, int n, float parameter) {
        for (long at = 0; at < 4L * n; at += Lanes.BYTES) {
            FloatVector slope = VectorMath.slope(load(hidden + at), 0);
            load(diff + at).mul(slope).intoMemorySegment(Raw.MEMORY, to + at, Lanes.ORDER);
        }
    }
}
