package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Direction;
import io.gatun.spec.SoftmaxSpec;

/** Softmax and log-softmax of each row; exponentials as the vector kernel takes them, sums in double. */
record ReferenceSoftmax(SoftmaxSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:softmax";
    }

    @Override
    public void execute(long[] frame) {
        boolean log = spec.op() == SoftmaxSpec.Op.LOG_SOFTMAX;
        int cols = spec.cols();
        for (long row = 0; row < spec.rows(); row++) {
            long at = row * cols * 4;
            if (spec.direction() == Direction.FORWARD) {
                forward(frame[0] + at, frame[1] + at, cols, log);
            } else {
                backward(frame[0] + at, frame[1] + at, frame[2] + at, cols, log);
            }
        }
    }

    private static void forward(long src, long dst, int cols, boolean log) {
        float max = max(src, cols);
        double sum = expSum(src, max, cols);
        float logSum = ScalarMath.log((float) sum);
        for (int c = 0; c < cols; c++) {
            float x = Raw.f32(src, c);
            Raw.f32(dst, c, log ? x - max - logSum : (float) (ScalarMath.expDifference(x, max) / sum));
        }
    }

    /** diffSrc = y (g - sum g y), or g - exp(y) sum g for y = log softmax. */
    private static void backward(long dst, long diffDst, long diffSrc, int cols, boolean log) {
        double sum = 0;
        for (int c = 0; c < cols; c++) {
            sum += (double) Raw.f32(diffDst, c) * (log ? 1 : Raw.f32(dst, c));
        }
        for (int c = 0; c < cols; c++) {
            float y = Raw.f32(dst, c);
            float g = Raw.f32(diffDst, c);
            Raw.f32(diffSrc, c, log ? (float) (g - ScalarMath.exp(y) * sum) : (float) (y * (g - sum)));
        }
    }

    static float max(long src, int cols) {
        float max = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < cols; c++) {
            max = Math.max(max, Raw.f32(src, c));
        }
        return max;
    }

    static double expSum(long src, float max, int cols) {
        double sum = 0;
        for (int c = 0; c < cols; c++) {
            sum += ScalarMath.expDifference(Raw.f32(src, c), max);
        }
        return sum;
    }
}
