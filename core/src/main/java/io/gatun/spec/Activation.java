package io.gatun.spec;

import java.util.Locale;

/**
 * An elementwise activation and its parameter, printed as {@code relu} or {@code elu:1.0}.
 *
 * @param alpha slope of {@link Kind#LEAKY_RELU}, scale of {@link Kind#ELU}; 0 for the others
 */
public record Activation(Kind kind, float alpha) {
    /** The functions, with PyTorch's conventions: relu'(0) = 0, GELU by erf. NaN gives NaN. */
    public enum Kind {
        /** x. */
        IDENTITY(true),
        /** max(0, x). */
        RELU(true),
        /** x if x &gt; 0, else alpha x. */
        LEAKY_RELU(false),
        /** 1 / (1 + exp(-x)). */
        SIGMOID(true),
        /** tanh x. */
        TANH(true),
        /** x/2 (1 + erf(x / sqrt 2)). */
        GELU(false),
        /** x if x &gt; 0, else alpha (exp(x) - 1). */
        ELU(false);

        private final boolean usesOutput;

        Kind(boolean usesOutput) {
            this.usesOutput = usesOutput;
        }

        /** Whether backward reads the forward's output (dst) and not its input (src). */
        public boolean usesOutput() {
            return usesOutput;
        }

        boolean hasAlpha() {
            return this == LEAKY_RELU || this == ELU;
        }
    }

    public static final Activation IDENTITY = new Activation(Kind.IDENTITY, 0);
    public static final Activation RELU = new Activation(Kind.RELU, 0);
    public static final Activation SIGMOID = new Activation(Kind.SIGMOID, 0);
    public static final Activation TANH = new Activation(Kind.TANH, 0);
    public static final Activation GELU = new Activation(Kind.GELU, 0);

    public Activation {
        Checks.finite("activation", "alpha", alpha);
        Checks.require(
                kind.hasAlpha() || alpha == 0,
                () -> "activation: " + SpecLine.lower(kind) + " takes no parameter, got " + alpha);
    }

    public static Activation leakyRelu(float slope) {
        return new Activation(Kind.LEAKY_RELU, slope);
    }

    public static Activation elu(float alpha) {
        return new Activation(Kind.ELU, alpha);
    }

    /** Reads what {@link #toString} prints. */
    public static Activation parse(String text) {
        String[] parts = text.split(":", 2);
        try {
            Kind kind = Kind.valueOf(parts[0].toUpperCase(Locale.ROOT));
            return new Activation(kind, parts.length == 2 ? Float.parseFloat(parts[1]) : defaultAlpha(kind));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("unknown activation '" + text
                    + "'; known are identity, relu, leaky_relu:SLOPE, sigmoid, tanh, gelu, elu:ALPHA");
        }
    }

    private static float defaultAlpha(Kind kind) {
        return switch (kind) {
            case LEAKY_RELU -> 0.01f;
            case ELU -> 1;
            default -> 0;
        };
    }

    @Override
    public String toString() {
        return kind.hasAlpha() ? SpecLine.lower(kind) + ":" + alpha : SpecLine.lower(kind);
    }
}
