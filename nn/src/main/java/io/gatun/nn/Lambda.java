package io.gatun.nn;

import io.gatun.autograd.Tensor;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** A function of tensors, without parameters, as a layer. */
public final class Lambda extends Module {
    private final UnaryOperator<Tensor> function;

    /** Called once for each forward; under capture once for each time that the step is built. */
    public Lambda(UnaryOperator<Tensor> function) {
        this.function = Objects.requireNonNull(function, "function");
    }

    @Override
    public Tensor forward(Tensor src) {
        return function.apply(src);
    }
}
