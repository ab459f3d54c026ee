package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.LossSpec;
import io.gatun.spec.LossSpec.Kind;
import io.gatun.spec.Reduction;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A loss of each element as an operation on the tape.
 *
 * @param name of the function, for errors
 * @param parameter of the kind
 * @param second of the kind
 */
record ElementLoss(String name, Kind kind, float parameter, float second) {
    ElementLoss(String name, Kind kind) {
        this(name, kind, 0, 0);
    }

    Tensor of(Tensor prediction, Tensor target, Reduction reduction) {
        return of(prediction, target, null, reduction);
    }

    /** With weights for the last axis, or one for all; null for none. */
    Tensor of(Tensor prediction, Tensor target, float[] weights, Reduction reduction) {
        Tape tape = Tape.of(name, prediction, target);
        Tensor x = Casts.floats(tape, name, prediction);
        Tensor t = Casts.floats(tape, name, target);
        Tensor loss = ofFloats(tape, x, t, weights, reduction);
        Casts.release(x, prediction);
        Casts.release(t, target);
        return loss;
    }

    private Tensor ofFloats(Tape tape, Tensor prediction, Tensor target, float[] weights, Reduction reduction) {
        requireSame(name, prediction, target);
        if (!ofTheDifference()) {
            requireConstant(name, "target", target);
        }
        boolean records = tape.records(prediction, target);
        LossSpec spec = spec(prediction.shape, weights, reduction, records);
        Shape shape = reduction == Reduction.NONE ? prediction.shape : Shape.of();
        Tensor loss = tape.result(shape, name);
        MemorySegment diff = records ? tape.allocate(4 * spec.count(), name + " gradient") : null;
        Tensor constant = weights == null ? null : tape.constant(Shape.of(weights.length), weights);
        tape.run(spec, operands(prediction, target, constant, loss, diff));
        if (!records) {
            return loss;
        }
        BinarySpec spread =
                reduction == Reduction.NONE ? LossGradients.each(spec.count()) : LossGradients.all(spec.count());
        return tape.record(new Op.Loss(name, diff, spread), loss, prediction, ofTheDifference() ? target : null);
    }

    private static MemorySegment[] operands(
            Tensor prediction, Tensor target, Tensor weights, Tensor loss, MemorySegment diff) {
        return Stream.of(
                        prediction.memory(),
                        target.memory(),
                        weights == null ? null : weights.memory(),
                        loss.memory,
                        diff)
                .filter(Objects::nonNull)
                .toArray(MemorySegment[]::new);
    }

    private LossSpec spec(Shape shape, float[] weights, Reduction reduction, boolean gradient) {
        long count = shape.elements();
        if (weights == null) {
            long rows = shape.rank() == 0 ? 1 : shape.dim(0);
            long cols = rows == 0 ? 0 : count / rows;
            return new LossSpec(kind, reduction, rows, cols, parameter, second, false, gradient);
        }
        int cols = weights.length;
        if (cols != 1 && (shape.rank() == 0 || cols != shape.last())) {
            throw new IllegalArgumentException(name + ": " + cols + " weights for a prediction " + shape
                    + "; give one for each entry of the last axis, or one for all");
        }
        if (reduction == Reduction.BATCH_MEAN) {
            throw new IllegalArgumentException(name + ": with weights there is no batch mean; take MEAN or SUM");
        }
        return new LossSpec(kind, reduction, count / cols, cols, parameter, second, true, gradient);
    }

    /** Losses of x - t alone, whose gradient by t is that by x with its sign changed. */
    private boolean ofTheDifference() {
        return switch (kind) {
            case MSE, L1, SMOOTH_L1, HUBER, QUANTILE -> true;
            default -> false;
        };
    }

    static void requireSame(String name, Tensor prediction, Tensor target) {
        if (!prediction.shape.equals(target.shape)) {
            throw new IllegalArgumentException(name + ": prediction " + prediction.shape + " and target " + target.shape
                    + " differ; reshape one to the other");
        }
    }

    static void requireConstant(String name, String what, Tensor tensor) {
        if (tensor.requiresGrad) {
            throw new IllegalArgumentException(
                    name + ": the " + what + " requires a gradient, which this loss does not have; detach() it");
        }
    }

    /** x + value. */
    static Tensor plus(Tensor x, float value) {
        Tape tape = Tape.of("add", x);
        return Arithmetic.add(x, tape.constant(Shape.of(), value));
    }

    /** The sum or mean of losses that were composed of other operations, the first axis being the batch. */
    static Tensor reduce(Tensor losses, Reduction reduction) {
        if (reduction == Reduction.BATCH_MEAN && losses.shape.rank() == 0) {
            throw new IllegalArgumentException(
                    "a batch mean of one loss without axes: there is no first axis to divide by; take MEAN");
        }
        return switch (reduction) {
            case NONE -> losses;
            case SUM -> Arithmetic.sum(losses);
            case MEAN -> Arithmetic.mean(losses);
            case BATCH_MEAN -> Arithmetic.scale(Arithmetic.sum(losses), 1f / losses.shape.dim(0));
        };
    }
}
