package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Reduction;

/**
 * A row's loss = Σu log(sum exp(x)) - Σ u_c x_c, both from the maximum, and diffLogits = (softmax Σu - u) / divisor; of
 * log-probabilities -Σ u_c x_c and -u / divisor.
 */
record ReferenceCrossEntropy(CrossEntropySpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:crossentropy";
    }

    @Override
    public void execute(long[] frame) {
        int at = spec.lossOperand();
        double divisor = Indices.divisor(spec, frame);
        double loss = 0;
        for (long row = 0; row < spec.rows(); row++) {
            boolean ignored = !spec.probabilities() && Raw.i32(frame[1], row) == spec.ignoreIndex();
            double one = ignored ? 0 : row(frame, row, divisor);
            for (int c = 0; ignored && spec.gradient() && c < spec.cols(); c++) {
                Raw.f32(frame[at + 1] + row * spec.cols() * 4, c, 0);
            }
            if (spec.reduction() == Reduction.NONE) {
                Raw.f32(frame[at], row, (float) one);
            }
            loss += one;
        }
        if (spec.reduction() != Reduction.NONE) {
            Raw.f32(frame[at], 0, (float) (loss / divisor));
        }
    }

    private double row(long[] frame, long row, double divisor) {
        int cols = spec.cols();
        long logits = frame[0] + row * cols * 4;
        float max = spec.logProbabilities() ? 0 : ReferenceSoftmax.max(logits, cols);
        double sum = spec.logProbabilities() ? 1 : ReferenceSoftmax.expSum(logits, max, cols);
        double all = 0;
        double loss = 0;
        for (int c = 0; c < cols; c++) {
            float x = Raw.f32(logits, c);
            double u = weight(frame, row, c);
            all += u;
            loss += u == 0 ? 0 : u * ((double) max - x);
        }
        for (int c = 0; spec.gradient() && c < cols; c++) {
            double p = spec.logProbabilities() ? 0 : ScalarMath.expDifference(Raw.f32(logits, c), max) / sum;
            double diff = p * all - weight(frame, row, c);
            Raw.f32(frame[spec.lossOperand() + 1] + row * cols * 4, c, (float) (diff / divisor));
        }
        return spec.logProbabilities() ? loss : all * Math.log(sum) + loss;
    }

    /** u of a class. */
    private double weight(long[] frame, long row, int c) {
        double w = spec.weighted() ? Raw.f32(frame[2], c) : 1;
        double target =
                spec.probabilities() ? Raw.f32(frame[1], row * spec.cols() + c) : Raw.i32(frame[1], row) == c ? 1 : 0;
        return spec.smoothing() == 0
                ? w * target
                : w * ((1 - (double) spec.smoothing()) * target + (double) spec.smoothing() / spec.cols());
    }
}
