package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Reduction;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Cross-entropy and negative log-likelihood as operations on the tape. */
final class ClassLoss {
    private ClassLoss() {}

    /**
     * @param logProbabilities whether the input is the logarithm of a softmax already
     */
    static Tensor of(String name, Tensor input, Tensor targets, CrossEntropyOptions options, boolean logProbabilities) {
        Tensor floats = Casts.floats(name, input);
        Tensor loss = ofFloats(name, floats, targets, options, logProbabilities);
        Casts.release(floats, input);
        return loss;
    }

    private static Tensor ofFloats(
            String name, Tensor input, Tensor targets, CrossEntropyOptions options, boolean logProbabilities) {
        Tape tape = Tape.of(name, input, targets);
        boolean probabilities = !logProbabilities && targets.type == DType.F32 && targets.shape.equals(input.shape);
        Shape leading = leading(name, input, targets, probabilities, options);
        int classes = input.shape.last();
        boolean records = tape.records(input);
        CrossEntropySpec spec = new CrossEntropySpec(
                leading.elements(),
                classes,
                options.ignoreIndex,
                probabilities,
                logProbabilities,
                options.weight != null,
                options.labelSmoothing,
                options.reduction,
                records);
        boolean each = options.reduction == Reduction.NONE;
        List<MemorySegment> run = new ArrayList<>(List.of(input.memory(), targets.memory()));
        if (options.weight != null) {
            run.add(weights(name, options.weight, input, tape));
        }
        Tensor loss = tape.result(each ? leading : Shape.of(), name);
        run.add(loss.memory);
        MemorySegment diff = records ? tape.allocate(4 * input.shape.elements(), name + " gradient") : null;
        if (records) {
            run.add(diff);
        }
        tape.run(spec, run.toArray(MemorySegment[]::new));
        return records
                ? tape.record(
                        new Op.Loss(
                                name,
                                diff,
                                each
                                        ? LossGradients.rows(spec.rows(), classes)
                                        : LossGradients.all(input.shape.elements())),
                        loss,
                        input,
                        null)
                : loss;
    }

    /** The shape of one loss a row. */
    private static Shape leading(
            String name, Tensor input, Tensor targets, boolean probabilities, CrossEntropyOptions options) {
        if (probabilities) {
            ElementLoss.requireConstant(name, "target", targets);
            if (options.ignoreIndex >= 0) {
                throw new IllegalArgumentException(name + ": targets " + targets.shape + " are probabilities, of which"
                        + " none is the class " + options.ignoreIndex + " to ignore; give class indices, or no index");
            }
            return Views.leading(input.shape, 1);
        }
        Views.require(name, targets, DType.I32);
        if (input.shape.rank() < 1
                || targets.shape.elements() != Views.leading(input.shape, 1).elements()
                || (targets.shape.rank() > 1 && !targets.shape.equals(Views.leading(input.shape, 1)))) {
            throw new IllegalArgumentException(name + ": logits " + input.shape + " and targets " + targets.shape
                    + " do not fit; give one target for each row of logits");
        }
        return targets.shape;
    }

    private static MemorySegment weights(String name, float[] weights, Tensor input, Tape tape) {
        if (weights.length != input.shape.last()) {
            throw new IllegalArgumentException(name + ": " + weights.length + " weights for logits " + input.shape
                    + "; give one for each of the " + input.shape.last() + " classes");
        }
        return tape.constant(Shape.of(weights.length), weights).memory;
    }
}
