package io.gatun.reference;

import io.gatun.spec.Activation;

/**
 * The scalar float functions that every Java kernel agrees with to the bit: the vector kernels do the same operations in
 * the same order on lanes, and use these for their tails.
 */
public final class ScalarMath {
    private ScalarMath() {}

    /** f(x). */
    public static float activate(Activation activation, float x) {
        return switch (activation.kind()) {
            case IDENTITY -> x;
            case RELU -> Math.max(x, 0);
            case LEAKY_RELU -> x > 0 ? x : activation.alpha() * x;
            case SIGMOID, TANH, GELU, ELU -> throw new AssertionError(activation);
        };
    }

    /** f'(x), given f(x) where {@link Activation.Kind#usesOutput}. */
    public static float derivative(Activation activation, float saved) {
        return switch (activation.kind()) {
            case IDENTITY -> 1;
            case RELU -> saved > 0 ? 1 : 0;
            case LEAKY_RELU -> saved > 0 ? 1 : activation.alpha();
            case SIGMOID, TANH, GELU, ELU -> throw new AssertionError(activation);
        };
    }
}
