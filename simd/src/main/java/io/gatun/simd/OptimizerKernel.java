package io.gatun.simd;

import io.gatun.parallel.Workers;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * A fused optimizer step: the elements that decay and those behind them are two runs of one loop, and the reference does
 * what is left over of each. Plain products and sums, not fma: bitwise equal to the reference, and bandwidth hides the
 * cost.
 */
abstract class OptimizerKernel extends Elementwise {
    private final long decayed;
    private final StepLoop loop;

    /** {@code loop} finds {@code void step(long[] frame, long bytes, int n, float decay)} of the subclass. */
    OptimizerKernel(long count, long decayed, Workers workers, MethodHandles.Lookup lookup) {
        super(count, workers);
        this.decayed = decayed;
        this.loop = new StepLoop(lookup, this, "step");
    }

    @Override
    final void range(long[] frame, long from, int n) {
        float decay = decay(frame);
        int first = decay == 0 ? 0 : Math.clamp(decayed - from, 0, n);
        part(frame, from, first, decay);
        part(frame, from + first, n - first, 0);
    }

    private void part(long[] frame, long from, int n, float decay) {
        int whole = Lanes.F.loopBound(n);
        if (whole > 0) {
            loop.run(frame, from * 4, whole, decay);
        }
        rest(frame, from + whole, from + n);
    }

    /** What the loop multiplies parameters by that decay; 0 if none does. */
    abstract float decay(long[] frame);

    /** The reference. */
    abstract void rest(long[] frame, long from, long to);

    /** Within ±clip, NaN for NaN. */
    static FloatVector clipped(FloatVector g, float clip) {
        return clip == Float.POSITIVE_INFINITY ? g : g.min(clip).max(-clip);
    }
}
