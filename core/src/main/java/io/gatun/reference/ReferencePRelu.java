package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Direction;
import io.gatun.spec.PReluSpec;

/** Rows in order; each slope's gradient is summed in double. */
record ReferencePRelu(PReluSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:prelu";
    }

    @Override
    public void execute(long[] frame) {
        if (spec.direction() == Direction.FORWARD) {
            for (long i = 0; i < spec.rows() * spec.cols(); i++) {
                float x = Raw.f32(frame[0], i);
                Raw.f32(frame[2], i, x > 0 ? x : slope(frame, i) * x);
            }
            return;
        }
        double[] sums = new double[spec.slopes()];
        for (long i = 0; i < spec.rows() * spec.cols(); i++) {
            float x = Raw.f32(frame[0], i);
            float g = Raw.f32(frame[2], i);
            Raw.f32(frame[3], i, g * ScalarMath.slope(x, slope(frame, i)));
            sums[spec.one() ? 0 : (int) (i % spec.cols())] += x > 0 ? 0 : (double) g * x;
        }
        for (int c = 0; c < sums.length; c++) {
            Raw.f32(frame[4], c, (float) sums[c]);
        }
    }

    private float slope(long[] frame, long i) {
        return Raw.f32(frame[1], spec.one() ? 0 : i % spec.cols());
    }
}
