package io.gatun.reference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every function against double arithmetic rounded once, over a strided sweep of all float bit patterns. */
class ScalarMathTest {
    /** A prime, so that every exponent is met with scattered mantissas: 1.7 million floats. */
    private static final int STRIDE = 2503;

    interface FloatFunction {
        float apply(float x);
    }

    enum Function {
        EXP(ScalarMath::exp, StrictMath::exp, 2),
        EXPM1(x -> ScalarMath.expm1(Math.min(x, 0)), x -> StrictMath.expm1(Math.min(x, 0)), 2),
        LOG(ScalarMath::log, StrictMath::log, 2),
        SIGMOID(ScalarMath::sigmoid, x -> 1 / (1 + StrictMath.exp(-x)), 3),
        TANH(ScalarMath::tanh, StrictMath::tanh, 1),
        ELU(x -> ScalarMath.elu(x, 1.3f), x -> x > 0 ? x : 1.3f * StrictMath.expm1(x), 3),
        GELU(ScalarMath::gelu, x -> x == Double.NEGATIVE_INFINITY ? 0 : x * Normal.cumulative(x), 4);

        final FloatFunction function;
        final DoubleUnaryOperator exact;
        final int ulps;

        Function(FloatFunction function, DoubleUnaryOperator exact, int ulps) {
            this.function = function;
            this.exact = exact;
            this.ulps = ulps;
        }
    }

    @ParameterizedTest
    @EnumSource
    void isWithinItsUlpsOfTheExactValue(Function f) {
        long worst = 0;
        float at = 0;
        for (long bits = 0; bits < 1L << 32; bits += STRIDE) {
            float x = Float.intBitsToFloat((int) bits);
            long ulps = distance(f.function.apply(x), (float) f.exact.applyAsDouble(x));
            if (ulps > worst) {
                worst = ulps;
                at = x;
            }
        }
        assertThat(worst).as("%s at %s", f, at).isLessThanOrEqualTo(f.ulps);
    }

    @ParameterizedTest
    @EnumSource
    void isWithinItsUlpsAtTheEdges(Function f) {
        float[] edges = {
            0f,
            -0f,
            1e-40f,
            -1e-40f,
            Float.MIN_NORMAL,
            -Float.MIN_NORMAL,
            Float.MIN_VALUE,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            88.7f,
            88.72284f,
            88.8f,
            -103.9f,
            -103.98f,
            -87.4f,
            -14.2f,
            -13.1f,
            -5f,
            1f,
            -1f,
            0.34657359f,
            -0.34657359f,
            0.99999994f,
            1.0000001f
        };
        for (float x : edges) {
            float got = f.function.apply(x);
            float want = (float) f.exact.applyAsDouble(x);
            assertThat(distance(got, want))
                    .as("%s(%s) = %s, exactly %s", f, x, got, want)
                    .isLessThanOrEqualTo(f.ulps);
        }
    }

    @Test
    void geluDerivativeIsCloseToTheSizeOfItsTerms() {
        for (float x = -16; x < 16; x += 1e-4f) {
            double density = StrictMath.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
            double exact = Normal.cumulative(x) + x * density;
            double terms = Normal.cumulative(x) + Math.abs(x) * density;
            assertThat(Math.abs(ScalarMath.geluDerivative(x) - exact))
                    .as("x = %s", x)
                    .isLessThan(4e-7 * terms + 0x1p-147);
        }
        assertThat(ScalarMath.geluDerivative(Float.NaN)).isNaN();
        assertThat(ScalarMath.geluDerivative(Float.POSITIVE_INFINITY)).isEqualTo(1);
    }

    /** How many floats lie between the two; infinitely many between a number and NaN. */
    private static long distance(float a, float b) {
        if (Float.isNaN(a) || Float.isNaN(b)) {
            return Float.isNaN(a) && Float.isNaN(b) ? 0 : Long.MAX_VALUE;
        }
        return Math.abs(ordered(a) - ordered(b));
    }

    private static long ordered(float value) {
        int bits = Float.floatToIntBits(value);
        return bits >= 0 ? bits : Integer.MIN_VALUE - (long) bits;
    }

    /** The standard normal distribution in double: its series near 0, its continued fraction in the tails. */
    private static final class Normal {
        static double cumulative(double x) {
            if (Double.isNaN(x)) {
                return x;
            }
            double a = Math.abs(x);
            double density = StrictMath.exp(-0.5 * a * a) / Math.sqrt(2 * Math.PI);
            double tail = a < 2.5 ? 0.5 - density * series(a) : density == 0 ? 0 : density / fraction(a);
            return x < 0 ? tail : 1 - tail;
        }

        private static double series(double a) {
            double term = a;
            double sum = a;
            for (int k = 3; term > 1e-18 * sum; k += 2) {
                term *= a * a / k;
                sum += term;
            }
            return sum;
        }

        private static double fraction(double a) {
            double value = a;
            for (int k = 120; k > 0; k--) {
                value = a + k / value;
            }
            return value;
        }
    }
}
