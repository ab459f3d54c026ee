package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.Pass;

/**
 * Batch normalization, one channel at a time in double. The variance is that of the differences from the mean, in a
 * second pass: the mean of squares less the square of the mean has no digit right for mean 1e4 and deviation 0.01.
 */
final class ReferenceBatchNorm implements Kernel {
    private final BatchNormSpec spec;
    private final long rows;
    private final int c;

    ReferenceBatchNorm(BatchNormSpec spec) {
        this.spec = spec;
        this.rows = spec.rows();
        this.c = spec.c();
    }

    @Override
    public String implementation() {
        return "reference:batchnorm";
    }

    @Override
    public void execute(long[] frame) {
        for (int k = 0; k < c; k++) {
            if (spec.pass() == Pass.BACKWARD) {
                backward(frame, k);
            } else {
                forward(frame, k);
            }
        }
    }

    private void forward(long[] frame, int k) {
        long src = frame[0];
        int next = spec.residual() ? 2 : 1;
        long residual = spec.residual() ? frame[1] : 0;
        double gamma = Raw.f32(frame[next], k);
        double beta = Raw.f32(frame[next + 1], k);
        double mean = Raw.f32(frame[next + 2], k);
        double var = Raw.f32(frame[next + 3], k);
        if (spec.pass() == Pass.TRAINING) {
            double runningMean = mean;
            double runningVar = var;
            mean = mean(src, k);
            double squares = 0;
            for (long r = 0; r < rows; r++) {
                double difference = Raw.f32(src, r * c + k) - mean;
                squares += difference * difference;
            }
            var = squares / rows;
            double keep = 1 - (double) spec.momentum();
            Raw.f32(frame[next + 2], k, (float) (keep * runningMean + spec.momentum() * mean));
            Raw.f32(frame[next + 3], k, (float) (keep * runningVar + spec.momentum() * squares / (rows - 1)));
            Raw.f32(frame[next + 5], k, (float) mean);
            Raw.f32(frame[next + 6], k, (float) (1 / Math.sqrt(var + spec.eps())));
        }
        double scale = gamma / Math.sqrt(var + spec.eps());
        for (long i = k; i < rows * c; i += c) {
            double y = scale * (Raw.f32(src, i) - mean) + beta;
            if (residual != 0) {
                y += Raw.f32(residual, i);
            }
            Raw.f32(frame[next + 4], i, (float) (spec.relu() ? Math.max(y, 0) : y));
        }
    }

    private double mean(long src, int k) {
        double sum = 0;
        for (long r = 0; r < rows; r++) {
            sum += Raw.f32(src, r * c + k);
        }
        return sum / rows;
    }

    /**
     * dst = γ x̂ + β with x̂ = (src − mean) invStd, where mean and invStd depend on src: diffSrc = γ invStd (g − mean(g) −
     * x̂ mean(g x̂)), g being diffDst where the ReLU let it through.
     */
    private void backward(long[] frame, int k) {
        long src = frame[0];
        long dst = spec.relu() ? frame[1] : 0;
        int next = spec.relu() ? 2 : 1;
        long diffDst = frame[next];
        double gamma = Raw.f32(frame[next + 1], k);
        double mean = Raw.f32(frame[next + 2], k);
        double invStd = Raw.f32(frame[next + 3], k);
        long diffSrc = frame[next + 4];
        long diffResidual = spec.residual() ? frame[next + 5] : 0;
        int sums = next + (spec.residual() ? 6 : 5);
        double sum = 0;
        double product = 0;
        for (long i = k; i < rows * c; i += c) {
            float g = passed(diffDst, dst, i);
            sum += g;
            product += g * ((Raw.f32(src, i) - mean) * invStd);
        }
        for (long i = k; i < rows * c; i += c) {
            float g = passed(diffDst, dst, i);
            double normal = (Raw.f32(src, i) - mean) * invStd;
            Raw.f32(diffSrc, i, (float) (gamma * invStd * (g - sum / rows - normal * product / rows)));
            if (diffResidual != 0) {
                Raw.f32(diffResidual, i, g);
            }
        }
        Raw.f32(frame[sums], k, (float) product);
        Raw.f32(frame[sums + 1], k, (float) sum);
    }

    /** Multiplied, not chosen, so that a NaN is not lost where the ReLU was closed. */
    private static float passed(long diffDst, long dst, long i) {
        float g = Raw.f32(diffDst, i);
        return dst == 0 ? g : g * (Raw.f32(dst, i) > 0 ? 1 : 0);
    }
}
