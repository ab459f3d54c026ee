package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.CrossEntropySpec;

/** loss = mean of log(sum exp(x)) - x[target] over the counted rows, diffLogits = (softmax - onehot) / counted. */
record ReferenceCrossEntropy(CrossEntropySpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:crossentropy";
    }

    @Override
    public void execute(long[] frame) {
        int cols = spec.cols();
        long counted = Indices.targets(spec, frame[1]);
        double loss = 0;
        for (long row = 0; row < spec.rows(); row++) {
            long logits = frame[0] + row * cols * 4;
            int target = Raw.i32(frame[1], row);
            boolean ignored = target == spec.ignoreIndex();
            float max = ReferenceSoftmax.max(logits, cols);
            double sum = ReferenceSoftmax.expSum(logits, max, cols);
            if (!ignored) {
                loss += Math.log(sum) - ((double) Raw.f32(logits, target) - max);
            }
            for (int c = 0; spec.gradient() && c < cols; c++) {
                double share = ScalarMath.expDifference(Raw.f32(logits, c), max) / sum - (c == target ? 1 : 0);
                Raw.f32(frame[3] + row * cols * 4, c, ignored ? 0 : (float) (share / counted));
            }
        }
        Raw.f32(frame[2], 0, (float) (loss / counted));
    }
}
