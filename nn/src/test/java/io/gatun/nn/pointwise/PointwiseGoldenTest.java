package io.gatun.nn.pointwise;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Choices;
import io.gatun.autograd.Lookups;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Statistics;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Concat;
import io.gatun.nn.Highway;
import io.gatun.nn.Identity;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.PRelu;
import io.gatun.nn.Rbf;
import io.gatun.nn.Residual;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.spec.Activation;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Functions, plumbing and layers against PyTorch in double precision ({@code pointwise.py}): results and gradients. */
class PointwiseGoldenTest {
    private static final NativeMemory MEMORY = new NativeMemory(new MemoryBudget(1L << 24), true);
    private static GoldenFile golden;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 1);
        golden = GoldenFile.of(PointwiseGoldenTest.class, "pointwise.safetensors");
    }

    @AfterAll
    static void close() {
        golden.close();
        kernels.close();
        assertThat(MEMORY.leaks()).isEmpty();
    }

    private static Stream<String> select(boolean layers) {
        try (GoldenFile file = GoldenFile.of(PointwiseGoldenTest.class, "pointwise.safetensors")) {
            return file.cases().stream().filter(name -> Character.isUpperCase(name.charAt(0)) == layers);
        }
    }

    static Stream<String> functions() {
        return select(false);
    }

    static Stream<String> layers() {
        return select(true);
    }

    private static Tensor input(Tape tape, String name) {
        return tape.tensor(golden.shape(name), golden.floats(name));
    }

    /** What PyTorch did under that name. */
    private static Tensor run(Tape tape, String name, Tensor x, Tensor x2) {
        if (name.startsWith("function ")) {
            return Activations.activation(x, Activation.parse(name.substring("function ".length())));
        }
        if (name.startsWith("pow ")) {
            return x.pow(Float.parseFloat(name.substring(4)));
        }
        return switch (name) {
            case "softmax" -> x.softmax();
            case "logSoftmax" -> x.logSoftmax();
            case "prelu one", "prelu last" -> Activations.prelu(x, x2);
            case "add" -> x.add(x2);
            case "sub" -> x.sub(x2);
            case "mul" -> x.mul(x2);
            case "div" -> x.div(x2);
            case "maximum" -> x.maximum(x2);
            case "minimum" -> x.minimum(x2);
            case "where" -> Choices.where(input(tape, "where/mask"), x, x2);
            case "maskedFill" -> x.maskedFill(input(tape, "maskedFill/mask"), -2.5f);
            case "max" -> x.max(1);
            case "min" -> x.min(-1);
            case "var" -> x.var(0, 2);
            case "var biased" -> Statistics.var(x, 0, 1);
            case "mean" -> x.mean(0, 2);
            case "concat" -> Pieces.concat(1, x, x2);
            case "stack" -> Pieces.stack(1, x, x2);
            case "narrow" -> x.narrow(1, 1, 2);
            case "select" -> x.select(2, 1);
            case "pad" -> Pieces.pad(x, 1, 2, 1, 1.5f);
            case "chunk" -> Pieces.chunk(x, -1, 3).get(2);
            case "expand" -> x.expand(2, 3, 4);
            case "indexSelect" -> Lookups.indexSelect(x, 1, tape.integers(Shape.of(4), 2, 0, 2, 1));
            case "gather" -> Lookups.gather(x, tape.integers(Shape.of(2, 3), 1, 1, 0, 4, 2, 4));
            default -> throw new IllegalArgumentException("no function for the case " + name);
        };
    }

    /** Units in the last place that a result may be off: one operation is exact, a function 4, a sum of a few more. */
    private static double ulps(String name) {
        return switch (name) {
            case "function relu",
                    "function leaky_relu:0.01",
                    "function leaky_relu:0.2",
                    "function abs",
                    "function step" -> 0;
            case "function sqrt", "function square", "function clamp:-0.5:0.75", "prelu one", "prelu last" -> 0;
            case "add", "sub", "mul", "div", "maximum", "minimum", "where", "maskedFill", "max", "min" -> 0;
            case "concat", "stack", "narrow", "select", "pad", "chunk", "expand", "indexSelect", "gather" -> 0;
            case "function tanh" -> 2;
            case "softmax", "logSoftmax", "var", "var biased", "mean" -> 8;
            default -> 4;
        };
    }

    private static void same(String what, float[] actual, String golden, double ulps, double ofLargest) {
        float[] expected = PointwiseGoldenTest.golden.floats(golden);
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double largest = 0;
        for (float e : expected) {
            largest = Math.max(largest, Math.abs(e));
        }
        for (int i = 0; i < actual.length; i++) {
            double allowed = ulps * Math.ulp(expected[i]) + ofLargest * largest;
            assertThat((double) actual[i])
                    .as("%s %s[%d]", what, golden, i)
                    .isBetween(expected[i] - allowed, expected[i] + allowed);
        }
    }

    private static float[] grad(Tensor tensor) {
        return tensor.grad().toArray(ValueLayout.JAVA_FLOAT);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void functionsAndTheirGradients(String name) {
        try (Tape tape = new Tape(kernels, MEMORY)) {
            Tensor x = input(tape, name + "/x").requiresGrad(true);
            Tensor x2 = golden.has(name + "/x2") ? input(tape, name + "/x2").requiresGrad(true) : null;
            Tensor y = run(tape, name, x, x2);
            assertThat(y.shape()).isEqualTo(golden.shape(name + "/y"));
            same(name, y.toArray(), name + "/y", ulps(name), 0);
            y.mul(input(tape, name + "/g")).sum().backward();
            same(name, grad(x), name + "/dx", 8, 2e-7);
            if (x2 != null) {
                same(name, grad(x2), name + "/dx2", 8, 4e-7);
            }
        }
    }

    private static Module layer(String name) {
        return switch (name) {
            case "Residual" -> new Residual(new Linear(4, 4, true, Activation.TANH));
            case "Residual projected" -> new Residual(new Linear(4, 3), new Linear(4, 3, false, Activation.IDENTITY));
            case "Highway" -> new Highway(4);
            case "Concat" -> new Concat(new Linear(4, 2), new Identity());
            case "Rbf" -> new Rbf(3, 4);
            case "PRelu" -> new PRelu(5, 0.25f);
            default -> throw new IllegalArgumentException("no layer for the case " + name);
        };
    }

    @ParameterizedTest
    @MethodSource("layers")
    void layersAndTheGradientsOfTheirParameters(String name) {
        Module layer = layer(name);
        try (Tape tape = new Tape(kernels, MEMORY);
                Parameters _ = layer.allocate(MEMORY, 1)) {
            layer.stateDict().forEach((key, p) -> {
                assertThat(p.shape()).isEqualTo(golden.shape(name + "/p/" + key));
                p.copyFrom(golden.floats(name + "/p/" + key));
            });
            Tensor x = input(tape, name + "/x").requiresGrad(true);
            Tensor y = layer.call(x);
            same(name, y.toArray(), name + "/y", 4, 1e-6);
            y.mul(input(tape, name + "/g")).sum().backward();
            same(name, grad(x), name + "/dx", 4, 1e-6);
            Map<String, io.gatun.autograd.Parameter> all = layer.stateDict();
            assertThat(all).isNotEmpty();
            all.forEach((key, p) -> same(name, grad(p), name + "/d/" + key, 4, 1e-6));
        }
    }
}
