package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.memory.Raw;
import io.gatun.reference.ReferenceLoss;
import io.gatun.spec.LossSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of a loss over a block of at most {@value ReferenceLoss#BLOCK} elements, lane by lane what
 * {@code ScalarLoss} does to one. Those here need no exponential and no logarithm: 12 B of memory for some ten instructions
 * a vector. The others are {@link LogLossLoops}.
 */
class LossLoops {
    private static final long BUFFER = ReferenceLoss.BLOCK * 4L;

    // Places in a thread's scratch memory, a block each.
    static final long TERMS = 0;
    static final long NOWHERE = BUFFER;
    static final long WEIGHTS = 2 * BUFFER;
    static final long FIRST = 3 * BUFFER;
    static final long SECOND = 4 * BUFFER;
    static final long THIRD = 5 * BUFFER;
    static final long FOURTH = 6 * BUFFER;
    static final long SPACE_BYTES = 7 * BUFFER;

    static final FloatVector ZERO = splat(0f);
    static final FloatVector ONE = splat(1f);

    final float parameter;
    final float scale;
    private final LossLoop loop;

    LossLoops(LossSpec spec) {
        this.parameter = spec.parameter();
        this.scale = 1f / spec.divisor();
        this.loop = switch (spec.kind()) {
            case MSE -> own("mse");
            case L1 -> own("l1");
            case SMOOTH_L1 -> own("smoothL1");
            case HUBER -> own("huber");
            case QUANTILE -> own("quantile");
            case HINGE -> own("hinge");
            default -> null;
        };
    }

    static LossLoops of(LossSpec spec) {
        LossLoops simple = new LossLoops(spec);
        return simple.loop == null ? new LogLossLoops(spec) : simple;
    }

    private LossLoop own(String name) {
        return new LossLoop(MethodHandles.lookup(), this, name);
    }

    /** n losses to {@code terms}, and their gradients to {@code diff} unless that is 0. */
    void run(long x, long t, long space, long terms, long diff, int n) {
        loop.run(x, t, space, terms, diff == 0 ? space + NOWHERE : diff, n);
    }

    static void put(long at, FloatVector v) {
        v.intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
    }

    /** 1, -1, or what is neither above nor below 0: that or NaN. */
    private static FloatVector sign(FloatVector e) {
        return e.blend(1f, e.compare(VectorOperators.GT, 0f)).blend(-1f, e.compare(VectorOperators.LT, 0f));
    }

    private void mse(long x, long t, long space, long terms, long diff, int n) {
        FloatVector factor = splat(2 * scale);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector e = load(x + i).sub(load(t + i));
            put(terms + i, e.mul(e));
            put(diff + i, e.mul(factor));
        }
    }

    private void l1(long x, long t, long space, long terms, long diff, int n) {
        FloatVector factor = splat(scale);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector e = load(x + i).sub(load(t + i));
            put(terms + i, e.abs());
            put(diff + i, sign(e).mul(factor));
        }
    }

    private void smoothL1(long x, long t, long space, long terms, long diff, int n) {
        FloatVector factor = splat(scale);
        FloatVector beta = splat(parameter);
        FloatVector half = splat(0.5f * parameter);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector e = load(x + i).sub(load(t + i));
            FloatVector size = e.abs();
            FloatVector slope = e.div(beta);
            VectorMask<Float> near = size.compare(VectorOperators.LT, beta);
            put(terms + i, size.sub(half).blend(e.mul(0.5f).mul(slope), near));
            put(diff + i, sign(e).blend(slope, near).mul(factor));
        }
    }

    private void huber(long x, long t, long space, long terms, long diff, int n) {
        FloatVector factor = splat(scale);
        FloatVector delta = splat(parameter);
        FloatVector half = splat(0.5f * parameter);
        FloatVector below = splat(-parameter);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector e = load(x + i).sub(load(t + i));
            FloatVector size = e.abs();
            FloatVector square = e.mul(0.5f).mul(e);
            VectorMask<Float> near = size.compare(VectorOperators.LE, delta);
            put(terms + i, size.sub(half).mul(delta).blend(square, near));
            FloatVector upper = e.blend(delta, e.compare(VectorOperators.GT, delta));
            put(
                    diff + i,
                    upper.blend(below, e.compare(VectorOperators.LT, below)).mul(factor));
        }
    }

    private void quantile(long x, long t, long space, long terms, long diff, int n) {
        FloatVector factor = splat(scale);
        FloatVector under = splat(-parameter);
        FloatVector over = splat(1 - parameter);
        FloatVector middle = splat(0.5f - parameter);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector e = load(x + i).sub(load(t + i));
            VectorMask<Float> below = e.compare(VectorOperators.LT, 0f);
            put(terms + i, e.mul(over.blend(under, below)));
            FloatVector slope = e.add(middle).blend(over, e.compare(VectorOperators.GT, 0f));
            put(diff + i, slope.blend(under, below).mul(factor));
        }
    }

    private void hinge(long x, long t, long space, long terms, long diff, int n) {
        FloatVector factor = splat(scale);
        FloatVector margin = splat(parameter);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector target = load(t + i);
            FloatVector m = margin.sub(target.mul(load(x + i)));
            put(terms + i, m.max(ZERO));
            FloatVector slope = m.blend(ZERO, m.compare(VectorOperators.LE, 0f));
            put(
                    diff + i,
                    slope.blend(target.neg(), m.compare(VectorOperators.GT, 0f)).mul(factor));
        }
    }
}
