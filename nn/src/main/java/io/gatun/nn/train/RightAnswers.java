package io.gatun.nn.train;

import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.memory.Places;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Counts the rows of logits whose largest, the first of equals, is the target's; a row with a NaN is wrong. */
final class RightAnswers {
    private long right;
    private long rows;
    private boolean classes = true;

    /** Looks at logits [..., classes] and i32 targets [...]; at anything else there is no accuracy. */
    void add(Tensor prediction, Tensor target) {
        long targets = target.shape().elements();
        classes &= target.type() == DType.I32
                && prediction.shape().rank() > 0
                && prediction.shape().elements() == targets * prediction.shape().last();
        if (!classes) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment logits = Places.onHost(prediction.to(DType.F32).memory(), arena);
            MemorySegment labels = Places.onHost(target.memory(), arena);
            count(logits, labels, targets, prediction.shape().last());
        }
    }

    private void count(MemorySegment logits, MemorySegment labels, long targets, int width) {
        for (long row = 0; row < targets; row++) {
            int label = labels.getAtIndex(ValueLayout.JAVA_INT, row);
            // Targets below zero mean: not counted.
            if (label >= 0) {
                rows++;
                right += winner(logits, row * width, width) == label ? 1 : 0;
            }
        }
    }

    private static int winner(MemorySegment logits, long from, int width) {
        float best = Float.NEGATIVE_INFINITY;
        int winner = -1;
        for (int c = 0; c < width; c++) {
            float value = logits.getAtIndex(ValueLayout.JAVA_FLOAT, from + c);
            if (value > best) {
                best = value;
                winner = c;
            } else if (value != value) {
                return -1;
            }
        }
        return winner;
    }

    /** Right answers, 0 to 1; NaN where there is nothing to count. */
    double share() {
        return classes && rows > 0 ? (double) right / rows : Double.NaN;
    }
}
