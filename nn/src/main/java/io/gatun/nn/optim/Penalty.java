package io.gatun.nn.optim;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.spec.PenaltySpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A penalty of large weights, l1 Σ|w| + l2 Σw², as a part of the loss: {@link #addTo} adds its gradient, l1 sign(w) + 2 l2 w,
 * to those of the parameters in one pass over the flat buffers and gives its value, to be reported with the loss.
 *
 * <p>The gradient of λ Σw² is 2 λ w, where {@code weightDecay} of {@link Sgd}, as PyTorch's, adds λ w: {@code l2(λ / 2)} is what
 * a weight decay of λ is to SGD. To Adam a penalty is a part of the gradient, which AdamW's decay is not.
 *
 * @param l1 factor of Σ|w|, at least 0
 * @param l2 factor of Σw², at least 0
 * @param biases whether parameters of one axis (biases, norms) count too
 */
public record Penalty(float l1, float l2, boolean biases) {
    public Penalty {
        if (!(l1 >= 0 && l2 >= 0 && l1 + l2 < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("penalty factors " + l1 + " and " + l2 + " must be finite, not below 0");
        }
    }

    /** Lasso: λ Σ|w| over the parameters of more than one axis. */
    public static Penalty l1(float lambda) {
        return new Penalty(lambda, 0, false);
    }

    /** Ridge: λ Σw² over the parameters of more than one axis. */
    public static Penalty l2(float lambda) {
        return new Penalty(0, lambda, false);
    }

    /** λ1 Σ|w| + λ2 Σw² over the parameters of more than one axis. */
    public static Penalty elasticNet(float lambda1, float lambda2) {
        return new Penalty(lambda1, lambda2, false);
    }

    /** The same of biases and norms too. */
    public Penalty withBiases() {
        return new Penalty(l1, l2, true);
    }

    /** This penalty so many times over. */
    public Penalty scaled(float factor) {
        return factor == 1 ? this : new Penalty(factor * l1, factor * l2, biases);
    }

    /** l1 Σ|w| + l2 Σw² of the weights as they are, frozen ones not counted; a plain sum that touches no gradient. */
    public double value(Parameters parameters) {
        double sum = 0;
        long end = biases ? parameters.count() : parameters.decayed();
        for (Parameter parameter : learning(parameters)) {
            if (parameters.offset(parameter) < end) {
                sum += value(parameter);
            }
        }
        return sum;
    }

    private double value(Parameter parameter) {
        double sum = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = Places.onHost(parameter.memory(), arena);
            for (long i = 0; i < parameter.shape().elements(); i++) {
                double w = values.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                sum += l1 * Math.abs(w) + l2 * w * w;
            }
        }
        return sum;
    }

    /**
     * Adds the gradients to those of all parameters that require one; call it after the step's last backward and before the
     * optimizer's step.
     *
     * @return the value, in which frozen parameters do not count either
     */
    public float addTo(Kernels kernels, Parameters parameters) {
        MemorySegment values = parameters.values();
        MemorySegment gradients = parameters.gradients();
        long end = biases ? parameters.count() : parameters.decayed();
        double sum = 0;
        long from = -1;
        long to = -1;
        try (ParameterScope scope = kernels.memory().parameters("penalty")) {
            MemorySegment value = scope.allocate(Float.BYTES, "penalty");
            for (Parameter parameter : learning(parameters)) {
                long begin = parameters.offset(parameter);
                if (begin != to) {
                    sum += range(kernels, values, gradients, from, to, value);
                    from = begin;
                }
                to = begin >= end ? begin : begin + parameters.extent(parameter);
                if (begin >= end) {
                    break;
                }
            }
            sum += range(kernels, values, gradients, from, to, value);
        }
        return (float) sum;
    }

    /** Neighbours in memory make one range: the gaps between them are zero, and so is their penalty. */
    private double range(
            Kernels kernels, MemorySegment values, MemorySegment gradients, long from, long to, MemorySegment value) {
        if (from < 0 || from == to) {
            return 0;
        }
        kernels.plan(new PenaltySpec(to - from, l1, l2))
                .run(values.asSlice(4 * from, 4 * (to - from)), gradients.asSlice(4 * from, 4 * (to - from)), value);
        return Places.first(value);
    }

    /** In the order of memory. */
    private static List<Parameter> learning(Parameters parameters) {
        return parameters.trainable().stream().filter(Parameter::requiresGrad).toList();
    }
}
