package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.CrossEntropySpec;
import java.lang.foreign.MemorySegment;

/** Losses: one number, the mean over the batch. */
public final class Losses {
    private static final int IGNORE_INDEX = -100;

    private Losses() {}

    /** As {@link #crossEntropy(Tensor, Tensor, int)}, ignoring targets of -100 as PyTorch does. */
    public static Tensor crossEntropy(Tensor logits, Tensor targets) {
        return crossEntropy(logits, targets, IGNORE_INDEX);
    }

    /**
     * Mean of -log softmax(logits)[target] for logits [..., classes] and 32-bit targets [...], its gradient computed in
     * the same pass.
     *
     * @param ignoreIndex rows with this target count for nothing
     * @throws IllegalArgumentException naming both shapes, if they do not fit
     * @throws IndexOutOfBoundsException if a target is no class
     */
    public static Tensor crossEntropy(Tensor logits, Tensor targets, int ignoreIndex) {
        Tape tape = Tape.of("crossEntropy", logits, targets);
        Views.require("crossEntropy", logits, DType.F32);
        Views.require("crossEntropy", targets, DType.I32);
        if (logits.shape.rank() < 1
                || targets.shape.elements() != Views.leading(logits.shape, 1).elements()) {
            throw new IllegalArgumentException("crossEntropy: logits " + logits.shape + " and targets " + targets.shape
                    + " do not fit; give one target for each row of logits");
        }
        long rows = targets.shape.elements();
        boolean records = tape.records(logits);
        CrossEntropySpec spec =
                CrossEntropySpec.of(rows, logits.shape.last(), records).withIgnoreIndex(ignoreIndex);
        Tensor loss = tape.result(Shape.of(), "crossEntropy");
        if (!records) {
            tape.run(spec, logits.data(), targets.data(), loss.memory);
            return loss;
        }
        MemorySegment diff = tape.allocate(4 * logits.shape.elements(), "crossEntropy gradient");
        tape.run(spec, logits.data(), targets.data(), loss.memory, diff);
        return tape.record(new Op.CrossEntropy(diff), loss, logits);
    }

    /**
     * Mean of (prediction - target)² over all elements.
     *
     * @throws IllegalArgumentException naming both shapes, if they differ
     */
    public static Tensor mse(Tensor prediction, Tensor target) {
        if (!prediction.shape.equals(target.shape)) {
            throw new IllegalArgumentException("mse: prediction " + prediction.shape + " and target " + target.shape
                    + " differ; reshape one to the other");
        }
        Tensor squares = Arithmetic.sumOfSquares(Arithmetic.sub(prediction, target));
        return Arithmetic.scale(squares, 1f / prediction.shape.elements());
    }
}
