package io.gatun.spec;

import java.util.Locale;

/**
 * An elementwise function and its parameters, printed as {@code relu}, {@code elu:1.0} or {@code clamp:-1.0:1.0}.
 *
 * @param alpha slope of {@link Kind#LEAKY_RELU}, scale of {@link Kind#ELU}, lower bound of {@link Kind#CLAMP}; 0 for the
 *     others
 * @param beta upper bound of {@link Kind#CLAMP}; 0 for the others
 */
public record Activation(Kind kind, float alpha, float beta) {
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
        ELU(false),
        /** x / (1 + exp(-x)); 0 at -Inf. */
        SILU(false),
        /** ln(1 + exp(x)). */
        SOFTPLUS(false),
        /** e^x. */
        EXP(true),
        /** ln x; -Inf at 0, NaN below. */
        LOG(false),
        /** |x|, with slope 0 at 0. */
        ABS(false),
        /** The square root; NaN below 0, and an infinite slope at 0. */
        SQRT(true),
        /** x². */
        SQUARE(false),
        /** 1 if x &gt;= 0, else 0; its slope counts as 0 everywhere. */
        STEP(false),
        /** max(alpha, min(beta, x)), with slope 1 from alpha to beta, both included, as torch.clamp; they may be infinite. */
        CLAMP(false);

        private final boolean usesOutput;

        Kind(boolean usesOutput) {
            this.usesOutput = usesOutput;
        }

        /** Whether backward reads the forward's output (dst) and not its input (src). */
        public boolean usesOutput() {
            return usesOutput;
        }

        boolean hasAlpha() {
            return this == LEAKY_RELU || this == ELU || this == CLAMP;
        }
    }

    public static final Activation IDENTITY = new Activation(Kind.IDENTITY, 0);
    public static final Activation RELU = new Activation(Kind.RELU, 0);
    public static final Activation SIGMOID = new Activation(Kind.SIGMOID, 0);
    public static final Activation TANH = new Activation(Kind.TANH, 0);
    public static final Activation GELU = new Activation(Kind.GELU, 0);
    public static final Activation SILU = new Activation(Kind.SILU, 0);
    public static final Activation SOFTPLUS = new Activation(Kind.SOFTPLUS, 0);
    public static final Activation EXP = new Activation(Kind.EXP, 0);
    public static final Activation LOG = new Activation(Kind.LOG, 0);
    public static final Activation ABS = new Activation(Kind.ABS, 0);
    public static final Activation SQRT = new Activation(Kind.SQRT, 0);
    public static final Activation SQUARE = new Activation(Kind.SQUARE, 0);
    public static final Activation STEP = new Activation(Kind.STEP, 0);

    public Activation {
        if (kind == Kind.CLAMP) {
            Checks.require(alpha <= beta, () -> "activation: clamp from " + alpha + " to " + beta + " is no interval");
        } else {
            Checks.finite("activation", "alpha", alpha);
            Checks.require(beta == 0, () -> "activation: only clamp takes a second parameter, got " + beta);
        }
        Checks.require(
                kind.hasAlpha() || alpha == 0,
                () -> "activation: " + SpecLine.lower(kind) + " takes no parameter, got " + alpha);
    }

    /** With one parameter, or none. */
    public Activation(Kind kind, float alpha) {
        this(kind, alpha, 0);
    }

    /** The nearest number from {@code low} to {@code high}. */
    public static Activation clamp(float low, float high) {
        return new Activation(Kind.CLAMP, low, high);
    }

    public static Activation leakyRelu(float slope) {
        return new Activation(Kind.LEAKY_RELU, slope);
    }

    public static Activation elu(float alpha) {
        return new Activation(Kind.ELU, alpha);
    }

    /** Reads what {@link #toString} prints. */
    public static Activation parse(String text) {
        String[] parts = text.split(":", 3);
        try {
            Kind kind = Kind.valueOf(parts[0].toUpperCase(Locale.ROOT));
            float alpha = parts.length > 1 ? Float.parseFloat(parts[1]) : defaultAlpha(kind);
            return new Activation(kind, alpha, parts.length > 2 ? Float.parseFloat(parts[2]) : 0);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("unknown activation '" + text
                    + "'; known are identity, relu, leaky_relu:SLOPE, sigmoid, tanh, gelu, elu:ALPHA,"
                    + " silu, softplus, exp, log, abs, sqrt, square, step, clamp:LOW:HIGH");
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
        String word = SpecLine.lower(kind);
        return kind == Kind.CLAMP ? word + ":" + alpha + ":" + beta : kind.hasAlpha() ? word + ":" + alpha : word;
    }
}
