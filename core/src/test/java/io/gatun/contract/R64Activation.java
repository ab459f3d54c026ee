package io.gatun.contract;

import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.Direction;
import java.util.Map;

/** f and f' by their definitions. */
final class R64Activation {
    private R64Activation() {}

    static double apply(Activation activation, double x) {
        return switch (activation.kind()) {
            case IDENTITY -> x;
            case RELU -> Double.isNaN(x) ? x : x > 0 ? x : 0;
            case LEAKY_RELU -> x > 0 ? x : activation.alpha() * x;
            case SIGMOID -> x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
            case TANH -> Math.tanh(x);
            case GELU -> x == Double.NEGATIVE_INFINITY ? 0 : x * normalCdf(x); // the limit, not Inf 0
            case ELU -> x > 0 ? x : activation.alpha() * Math.expm1(x);
            case SILU -> x == Double.NEGATIVE_INFINITY ? -0.0 : x / (1 + Math.exp(-x)); // the limit, as for GELU
            case SOFTPLUS -> x > 40 ? x : Math.log1p(Math.exp(x));
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case ABS -> x < 0 ? -x : x + 0.0;
            case SQRT -> Math.sqrt(x);
            case SQUARE -> x * x;
            case STEP -> Double.isNaN(x) ? x : x < 0 ? 0 : 1;
            case CLAMP -> x < activation.alpha() ? activation.alpha() : x > activation.beta() ? activation.beta() : x;
        };
    }

    /** f'(x). At 0 what PyTorch says: relu' = 0, leaky relu' = alpha, elu' = alpha. */
    static double derivative(Activation activation, double x) {
        if (Double.isNaN(x) && activation.kind() != Activation.Kind.IDENTITY) {
            return x;
        }
        double y = apply(activation, x);
        return switch (activation.kind()) {
            case IDENTITY -> 1;
            case RELU -> x > 0 ? 1 : 0;
            case LEAKY_RELU -> x > 0 ? 1 : activation.alpha();
            case SIGMOID -> y * (1 - y);
            case TANH -> 1 - y * y;
            case GELU -> Double.isInfinite(x) ? normalCdf(x) : normalCdf(x) + x * normalDensity(x);
            case ELU -> x > 0 ? 1 : activation.alpha() * Math.exp(x);
            case SILU -> Double.isInfinite(x) ? (x > 0 ? 1 : -0.0) : logistic(x) * (1 + x * logistic(-x));
            case SOFTPLUS -> logistic(x);
            case EXP -> y;
            case LOG -> 1 / x;
            case ABS -> Math.signum(x);
            case SQRT -> 1 / (2 * y);
            case SQUARE -> 2 * x;
            case STEP -> 0;
            case CLAMP -> x < activation.alpha() || x > activation.beta() ? 0 : 1;
        };
    }

    private static double logistic(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double normalDensity(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    /** f' by what backward reads: f(x) where the kind says so. */
    static double derivativeOfSaved(Activation activation, double saved) {
        return switch (activation.kind()) {
            case SIGMOID -> saved * (1 - saved);
            case TANH -> 1 - saved * saved;
            case EXP -> saved;
            case SQRT -> 0.5 / saved;
            default -> derivative(activation, saved);
        };
    }

    /** The largest slope: by how much an error before the activation grows. */
    static double slope(Activation activation) {
        return switch (activation.kind()) {
            case IDENTITY, RELU, TANH -> 1;
            case LEAKY_RELU, ELU -> Math.max(1, Math.abs(activation.alpha()));
            case SIGMOID -> 0.25;
            case GELU, SILU -> 1.13;
            case SOFTPLUS, ABS, CLAMP -> 1;
            case EXP, LOG, SQRT, SQUARE, STEP ->
                throw new IllegalArgumentException(activation + " enlarges errors without bound");
        };
    }

    /** Ulps that a float function may be off: its own polynomial, rounded. */
    static double ulps(Activation activation) {
        return switch (activation.kind()) {
            case IDENTITY, RELU, LEAKY_RELU, ABS, SQRT, SQUARE, STEP, CLAMP -> 0;
            case TANH -> 2;
            case SIGMOID, GELU, ELU, SILU, SOFTPLUS, EXP, LOG -> 4;
        };
    }

    /** Phi(x) = erfc(-x / sqrt 2) / 2, with full relative accuracy in the lower tail. */
    static double normalCdf(double x) {
        double z = Math.abs(x) / Math.sqrt(2);
        double tail = z < 2 ? 1 - erfSeries(z) : erfcFraction(z);
        return x < 0 ? tail / 2 : 1 - tail / 2;
    }

    /** erf z = 2/sqrt(pi) exp(-z^2) sum 2^n z^(2n+1) / (2n+1)!!: all terms positive, so no cancellation. */
    private static double erfSeries(double z) {
        double term = z;
        double sum = z;
        for (int n = 1; term > 1e-18 * sum; n++) {
            term *= 2 * z * z / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-z * z) * sum;
    }

    /** erfc z = exp(-z^2)/sqrt(pi) / (z + (1/2)/(z + 1/(z + (3/2)/(z + …)))), from the far end. */
    private static double erfcFraction(double z) {
        double fraction = z;
        for (int n = 200; n >= 1; n--) {
            fraction = z + n / 2.0 / fraction;
        }
        return Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction;
    }

    static Map<String, Expected> expected(ActivationSpec spec, Inputs in) {
        Activation activation = spec.activation();
        int count = (int) spec.count();
        double[] out = new double[count];
        if (spec.direction() == Direction.FORWARD) {
            double[] src = in.get("src");
            for (int i = 0; i < count; i++) {
                out[i] = apply(activation, src[i]);
            }
            return Map.of("dst", Expected.ulps(out, ulps(activation)));
        }
        double[] saved = in.get(activation.kind().usesOutput() ? "dst" : "src");
        double[] diffDst = in.get("diffDst");
        double[] magnitude = new double[count];
        for (int i = 0; i < count; i++) {
            double x = saved[i];
            out[i] = diffDst[i] * derivativeOfSaved(activation, x);
            double terms =
                    switch (activation.kind()) {
                        case TANH -> 1 + x * x;
                        case GELU -> normalCdf(x) + Math.abs(x) * Math.exp(-x * x / 2);
                        case SILU -> Double.isInfinite(x) ? 1 : logistic(x) * (1 + Math.abs(x) * logistic(-x));
                        default -> Math.abs(derivativeOfSaved(activation, x));
                    };
            magnitude[i] = Math.abs(diffDst[i]) * terms;
        }
        boolean exact = ulps(activation) == 0 && activation.kind() != Activation.Kind.SQRT;
        Expected diffSrc = Expected.of(out, i -> exact ? 0 : 16 * Expected.U * magnitude[i]);
        // 1 / x, which may be more than a float holds before diffDst makes it less.
        return Map.of(
                "diffSrc",
                diffSrc.reaching(
                        i -> Math.abs(derivativeOfSaved(activation, saved[i])) > Float.MAX_VALUE / 2 ? Double.NaN : 0));
    }
}
