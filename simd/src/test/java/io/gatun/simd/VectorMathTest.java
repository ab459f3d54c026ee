package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.reference.ScalarMath;
import io.gatun.reference.SmoothUnits;
import io.gatun.spec.Activation;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lanes equal the scalar to the bit: one proof of accuracy then serves both. */
@Tag("widths")
class VectorMathTest {
    private static final int PATTERNS = 1 << 21;

    enum Function {
        EXP(VectorMath::exp, ScalarMath::exp),
        EXPM1(VectorMath::expm1, ScalarMath::expm1),
        RELU(VectorMath::relu, x -> ScalarMath.activate(Activation.RELU, x)),
        RELU_SLOPE(v -> VectorMath.slope(v, 0), x -> ScalarMath.derivative(Activation.RELU, x)),
        LEAKY_RELU(v -> VectorMath.leakyRelu(v, 0.1f), x -> ScalarMath.activate(Activation.leakyRelu(0.1f), x)),
        SIGMOID(VectorMath::sigmoid, ScalarMath::sigmoid),
        TANH(VectorMath::tanh, ScalarMath::tanh),
        GELU(VectorMath::gelu, ScalarMath::gelu),
        GELU_DERIVATIVE(VectorMath::geluDerivative, ScalarMath::geluDerivative),
        SILU(VectorSmoothUnits::silu, SmoothUnits::silu),
        SILU_DERIVATIVE(VectorSmoothUnits::siluDerivative, SmoothUnits::siluDerivative),
        SOFTPLUS(VectorSmoothUnits::softplus, SmoothUnits::softplus),
        LOG(VectorLog::log, ScalarMath::log),
        ELU(v -> VectorMath.elu(v, 1.3f), x -> ScalarMath.elu(x, 1.3f)),
        ELU_DERIVATIVE(v -> VectorMath.eluDerivative(v, 1.3f), x -> ScalarMath.derivative(Activation.elu(1.3f), x));

        final java.util.function.UnaryOperator<FloatVector> vector;
        final FloatFunction scalar;

        Function(java.util.function.UnaryOperator<FloatVector> vector, FloatFunction scalar) {
            this.vector = vector;
            this.scalar = scalar;
        }
    }

    interface FloatFunction {
        float apply(float x);
    }

    @ParameterizedTest
    @EnumSource
    void lanesEqualTheScalarToTheBit(Function f) {
        Random random = new Random(7);
        float[] x = new float[Lanes.COUNT];
        float[] y = new float[Lanes.COUNT];
        for (int i = 0; i < PATTERNS; i += x.length) {
            for (int lane = 0; lane < x.length; lane++) {
                // Half of all patterns are spread over every exponent, half lie where the functions bend.
                x[lane] = (i & 1024) == 0 ? Float.intBitsToFloat(random.nextInt()) : (float) random.nextGaussian() * 20;
            }
            f.vector.apply(FloatVector.fromArray(Lanes.F, x, 0)).intoArray(y, 0);
            for (int lane = 0; lane < x.length; lane++) {
                float want = f.scalar.apply(x[lane]);
                if (Float.floatToIntBits(y[lane]) != Float.floatToIntBits(want)) {
                    assertThat(y[lane]).as("%s(%s)", f, x[lane]).isEqualTo(want);
                }
            }
        }
    }
}
