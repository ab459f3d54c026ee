package io.gatun.nn.optim;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import java.lang.foreign.MemorySegment;
import java.util.function.DoubleSupplier;

/**
 * A loss as a function of the parameters: what the caller evaluates and differentiates as often as it is asked, each time
 * on the same batch.
 */
final class LossClosure {
    private final Parameters parameters;
    private final DoubleSupplier closure;
    private int evaluations;

    LossClosure(Parameters parameters, DoubleSupplier closure) {
        this.parameters = parameters;
        this.closure = closure;
    }

    /** The loss at the parameters' values; their gradients into {@code gradient}, those of frozen ones 0. */
    double evaluate(MemorySegment gradient) {
        parameters.zeroGradients();
        parameters.changed();
        double loss = closure.getAsDouble();
        evaluations++;
        gradient.copyFrom(parameters.gradientsToRead());
        freeze(gradient);
        return loss;
    }

    /** Zeros for frozen parameters. */
    void freeze(MemorySegment flat) {
        for (Parameter parameter : parameters.trainable()) {
            if (!parameter.requiresGrad()) {
                flat.asSlice(4 * parameters.offset(parameter), 4 * parameters.extent(parameter))
                        .fill((byte) 0);
            }
        }
    }

    /** At x + step · direction. */
    double evaluate(MemorySegment x, double step, MemorySegment direction, MemorySegment gradient) {
        Flat.add(x, step, direction, parameters.values());
        return evaluate(gradient);
    }

    int evaluations() {
        return evaluations;
    }
}
