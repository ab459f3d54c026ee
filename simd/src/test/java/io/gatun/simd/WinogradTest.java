package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Operand;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.ConvSpec.Direction;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the contract's small cases do not reach: overflow on the way, and how far the errors are from the direct sum's. */
class WinogradTest {
    private static final ConvSpec SPEC = ConvSpec.of(8, 9, 8, 32, 48, 3, 1, 1);

    @ParameterizedTest
    @EnumSource(Direction.class)
    void aSumThatIsNotFiniteIsThatOfTheTaps(Direction direction) {
        ConvSpec spec = SPEC.with(direction);
        for (float special : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, 3e38f}) {
            float[] expected = run(spec, false, special);
            float[] actual = run(spec, true, special);
            assertThat(actual).as("%s with %s", spec, special).containsExactly(expected);
        }
    }

    /**
     * Σ|error| against double sums: shorter chains of products save what the transforms cost, 0.76 of the direct sum's
     * forward and backward data; the gradient of the weights, whose chains are as short either way, is 1.6 times as far off.
     */
    @Test
    void errorsAreThoseOfTheDirectSum() {
        for (Direction direction : Direction.values()) {
            ConvSpec spec = SPEC.with(direction);
            double allowed = direction == Direction.BACKWARD_WEIGHTS ? 3 : 1.1;
            float[] direct = run(spec, false, 0.5f);
            float[] fast = run(spec, true, 0.5f);
            double[] exact = oracle(spec);
            assertThat(error(fast, exact)).as("%s", spec).isPositive().isLessThan(allowed * error(direct, exact));
        }
    }

    /** Images of even and odd width: the transform back writes the result itself, or rows that are copied. */
    @ParameterizedTest
    @ValueSource(ints = {8, 9})
    void theBiasAndTheReluAreThoseOfPassesBehindIt(int width) {
        ConvSpec plain = ConvSpec.of(8, 9, width, 32, 48, 3, 1, 1);
        ConvSpec shifted = plain.withBias();
        ConvSpec rectified = shifted.withActivation(new Activation(Activation.Kind.RELU, 0));
        try (Workers workers = new Workers(2);
                Arena arena = Arena.ofShared()) {
            int count = 8 * 9 * width * 48;
            long[] frame = new long[5];
            fill(shifted, arena, frame, 0.5f);
            float[] sums = result(new Winograd(plain, workers), arena, count, frame[0], frame[1], frame[3]);
            float[] actual =
                    result(new Winograd(shifted, workers), arena, count, frame[0], frame[1], frame[2], frame[3]);
            float[] positive =
                    result(new Winograd(rectified, workers), arena, count, frame[0], frame[1], frame[2], frame[3]);
            for (int i = 0; i < sums.length; i++) {
                float expected = sums[i] + Raw.f32(frame[2], i % 48);
                assertThat(actual[i]).isEqualTo(expected);
                assertThat(positive[i]).isEqualTo(Math.max(0, expected));
            }
        }
    }

    private static float[] result(Kernel kernel, Arena arena, int count, long... operands) {
        long[] frame = Arrays.copyOf(operands, operands.length + 1);
        frame[operands.length] = arena.allocate(kernel.scratchBytes(), 64).address();
        kernel.execute(frame);
        long dst = operands[operands.length - 1];
        float[] result = new float[count];
        for (int i = 0; i < result.length; i++) {
            result[i] = Raw.f32(dst, i);
        }
        return result;
    }

    private static double error(float[] actual, double[] exact) {
        double sum = 0;
        for (int i = 0; i < exact.length; i++) {
            sum += Math.abs(actual[i] - exact[i]);
        }
        return sum;
    }

    /** Random inputs, one of which, at the middle of the first, is {@code special}. */
    private static void fill(ConvSpec spec, Arena arena, long[] frame, float special) {
        Random random = new Random(11);
        List<Operand> operands = spec.operands();
        for (int i = 0; i < operands.size(); i++) {
            long count = operands.get(i).elements();
            frame[i] = arena.allocate(4 * count, 64).address();
            for (long j = 0; j < count; j++) {
                Raw.f32(frame[i], j, operands.get(i).written() ? Float.NaN : random.nextFloat() * 2 - 1);
            }
        }
        Raw.f32(frame[0], operands.get(0).elements() / 2, special);
    }

    private static float[] run(ConvSpec spec, boolean winograd, float special) {
        try (Workers workers = new Workers(2);
                Arena arena = Arena.ofShared()) {
            boolean weights = spec.direction() == Direction.BACKWARD_WEIGHTS;
            assertThat(weights ? WinogradWeights.suits(spec) : Winograd.suits(spec))
                    .isTrue();
            Kernel direct = weights ? new SimdConvWeights(spec, workers) : new SimdConv(spec, workers);
            Kernel fast = weights ? new WinogradWeights(spec, workers) : new Winograd(spec, workers);
            Kernel kernel = winograd ? fast : direct;
            long[] frame = new long[4];
            fill(spec, arena, frame, special);
            frame[3] = arena.allocate(kernel.scratchBytes(), 64).address();
            kernel.execute(frame);
            float[] result = new float[Math.toIntExact(spec.operands().get(2).elements())];
            for (int i = 0; i < result.length; i++) {
                result[i] = Raw.f32(frame[2], i);
            }
            return result;
        }
    }

    private static double[] oracle(ConvSpec spec) {
        try (Arena arena = Arena.ofConfined()) {
            long[] frame = new long[4];
            fill(spec, arena, frame, 0.5f);
            return Oracle64.conv(spec, frame[0], frame[1], 0)[0];
        }
    }
}
