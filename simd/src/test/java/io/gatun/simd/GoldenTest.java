package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.AdamSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Pass;
import io.gatun.spec.SgdSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Twenty optimizer steps, a batch norm and a cross-entropy against what PyTorch makes of them (golden.py). */
@Tag("widths")
class GoldenTest {
    private static final int COUNT = 37;
    private static final int STEPS = 20;
    private static final Map<String, float[]> GOLDEN = golden();

    private final Kernels kernels = Kernels.open("simd", 1);
    private Arena arena;

    @BeforeEach
    void open() {
        arena = Arena.ofConfined();
    }

    @AfterEach
    void close() {
        arena.close();
        kernels.close();
    }

    static Stream<String> sgd() {
        return GOLDEN.keySet().stream().filter(name -> name.startsWith("sgd:"));
    }

    static Stream<String> adamw() {
        return GOLDEN.keySet().stream().filter(name -> name.startsWith("adamw:"));
    }

    @ParameterizedTest
    @MethodSource("sgd")
    void twentyStepsOfSgd(String name) {
        String[] options = name.split(":");
        float momentum = Float.parseFloat(options[1]);
        SgdSpec spec = new SgdSpec(
                COUNT,
                COUNT,
                momentum,
                Float.parseFloat(options[2]),
                Boolean.parseBoolean(options[3]),
                Float.parseFloat(options[4]));
        Plan plan = kernels.plan(spec);
        MemorySegment params = floats(COUNT, i -> value(i, 6151, 997, 256));
        MemorySegment grads = floats(COUNT, i -> 0);
        MemorySegment buffer = floats(COUNT, i -> Double.NaN);
        for (int step = 0; step < STEPS; step++) {
            setGradients(grads, step);
            MemorySegment hyper = numbers(0.05, 1, step == 0 ? 1 : 0, 0);
            if (momentum > 0) {
                plan.run(params, grads, buffer, hyper);
            } else {
                plan.run(params, grads, hyper);
            }
        }
        assertClose(name, params, 2e-6);
    }

    @ParameterizedTest
    @MethodSource("adamw")
    void twentyStepsOfAdamW(String name) {
        String[] options = name.split(":");
        double beta1 = Double.parseDouble(options[1]);
        double beta2 = Double.parseDouble(options[2]);
        AdamSpec spec = new AdamSpec(
                COUNT,
                COUNT,
                (float) beta1,
                (float) beta2,
                Float.parseFloat(options[3]),
                Float.parseFloat(options[4]),
                true,
                false,
                Float.POSITIVE_INFINITY);
        Plan plan = kernels.plan(spec);
        MemorySegment params = floats(COUNT, i -> value(i, 6151, 997, 256));
        MemorySegment grads = floats(COUNT, i -> 0);
        MemorySegment m = floats(COUNT, i -> 0);
        MemorySegment v = floats(COUNT, i -> 0);
        for (int step = 0; step < STEPS; step++) {
            setGradients(grads, step);
            double c1 = 1 - Math.pow((float) beta1, step + 1);
            double c2 = 1 - Math.pow((float) beta2, step + 1);
            plan.run(params, grads, m, v, numbers(0.01, 1, 0.01 / c1, 1 / Math.sqrt(c2)));
        }
        assertClose(name, params, 4e-6);
    }

    @Test
    void batchNormWithResidualAndReluForwardAndBackward() {
        int rows = 24;
        int c = 5;
        int all = rows * c;
        BatchNormSpec spec = BatchNormSpec.training(rows, c, true, true);
        MemorySegment src = floats(all, i -> value(i, 6151, 997, 128));
        MemorySegment residual = floats(all, i -> value(i, 7919, 1009, 512));
        MemorySegment gamma = floats(c, i -> value(i, 3, 7, 2));
        MemorySegment beta = floats(c, i -> value(i, 5, 11, 4));
        MemorySegment runningMean = floats(c, i -> value(i, 7, 13, 8));
        MemorySegment runningVar = floats(c, i -> Math.abs(value(i, 7, 13, 8)) + 1);
        MemorySegment dst = floats(all, i -> Double.NaN);
        MemorySegment mean = floats(c, i -> Double.NaN);
        MemorySegment invStd = floats(c, i -> Double.NaN);
        kernels.plan(spec).run(src, residual, gamma, beta, runningMean, runningVar, dst, mean, invStd);
        assertClose("batchnorm:dst", dst, 1e-6);
        assertClose("batchnorm:runningMean", runningMean, 1e-6);
        assertClose("batchnorm:runningVar", runningVar, 1e-6);
        MemorySegment diffDst = floats(all, i -> value(i, 4391, 1013, 512));
        MemorySegment diffSrc = floats(all, i -> Double.NaN);
        MemorySegment diffResidual = floats(all, i -> Double.NaN);
        MemorySegment diffGamma = floats(c, i -> Double.NaN);
        MemorySegment diffBeta = floats(c, i -> Double.NaN);
        kernels.plan(spec.with(Pass.BACKWARD))
                .run(src, dst, diffDst, gamma, mean, invStd, diffSrc, diffResidual, diffGamma, diffBeta);
        assertClose("batchnorm:diffSrc", diffSrc, 2e-6);
        assertClose("batchnorm:diffResidual", diffResidual, 0);
        assertClose("batchnorm:diffGamma", diffGamma, 5e-6);
        assertClose("batchnorm:diffBeta", diffBeta, 5e-6);
    }

    @Test
    void crossEntropyIgnoresRows() {
        MemorySegment logits = floats(42, i -> value(i, 6151, 997, 64));
        MemorySegment targets = arena.allocateFrom(ValueLayout.JAVA_INT, 3, -100, 0, 6, 2, -100);
        MemorySegment loss = numbers(Double.NaN);
        MemorySegment diff = floats(42, i -> Double.NaN);
        kernels.plan(CrossEntropySpec.of(6, 7, true)).run(logits, targets, loss, diff);
        assertClose("crossentropy:loss", loss, 1e-6);
        assertClose("crossentropy:diffLogits", diff, 1e-6);
    }

    private static double value(int i, int factor, int modulus, double divisor) {
        return (i * factor % modulus - modulus / 2) / divisor;
    }

    private static void setGradients(MemorySegment grads, int step) {
        for (int i = 0; i < COUNT; i++) {
            grads.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value(step * COUNT + i, 7919, 1009, 512));
        }
    }

    private MemorySegment floats(int count, IntToDoubleFunction value) {
        MemorySegment segment = arena.allocate(count * 4L, 64);
        for (int i = 0; i < count; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value.applyAsDouble(i));
        }
        return segment;
    }

    private MemorySegment numbers(double... values) {
        return floats(values.length, i -> values[i]);
    }

    /** Within {@code relative} of each number, or of the largest for those near 0. */
    private static void assertClose(String name, MemorySegment actual, double relative) {
        float[] wanted = GOLDEN.get(name);
        double largest = 0;
        for (float value : wanted) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < wanted.length; i++) {
            double got = actual.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            assertThat(Math.abs(got - wanted[i]))
                    .as("%s[%d] is %s, PyTorch has %s", name, i, got, wanted[i])
                    .isLessThanOrEqualTo(relative * Math.max(Math.abs(wanted[i]), 0.25 * largest));
        }
    }

    private static Map<String, float[]> golden() {
        Map<String, float[]> golden = new HashMap<>();
        try (InputStream in = GoldenTest.class.getResourceAsStream("golden.txt")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .toList()) {
                List<String> words = List.of(line.split(" "));
                float[] values = new float[words.size() - 1];
                for (int i = 0; i < values.length; i++) {
                    values[i] = Float.intBitsToFloat(Integer.parseUnsignedInt(words.get(i + 1), 16));
                }
                golden.put(words.getFirst(), values);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return golden;
    }
}
