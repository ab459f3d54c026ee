package io.gatun.nn.recurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.AdditiveAttention;
import io.gatun.nn.DotAttention;
import io.gatun.nn.SequenceAttention;
import io.gatun.nn.golden.GoldenFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SequenceAttentionTest {
    private static Kernels kernels;

    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), true);

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 2);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static SequenceAttention attention(String kind) {
        return switch (kind) {
            case "additive" -> new AdditiveAttention(4, 6, 7);
            case "general" -> DotAttention.general(4, 6);
            case "scaled" -> DotAttention.scaled();
            default -> DotAttention.plain();
        };
    }

    @TestFactory
    Stream<DynamicTest> agreesWithPyTorch() {
        try (GoldenFile golden = golden()) {
            return golden.names().stream()
                    .filter(name -> name.endsWith("/context"))
                    .map(name -> name.substring(0, name.indexOf('/')))
                    .map(name -> DynamicTest.dynamicTest(name, () -> run(name)));
        }
    }

    private static GoldenFile golden() {
        return GoldenFile.of(SequenceAttentionTest.class, "attention.safetensors");
    }

    private void run(String name) {
        String kind = name.split(" ")[0];
        int steps = Integer.parseInt(name.split(" ")[1]);
        SequenceAttention attention = attention(kind);
        try (GoldenFile golden = golden();
                Tape tape = new Tape(kernels, memory);
                Parameters parameters = attention.allocate(memory, 1)) {
            parameters.named().forEach((key, value) -> value.copyFrom(golden.floats(kind + "." + key)));
            tape.reset(1);
            boolean narrow = kind.equals("dot") || kind.equals("scaled");
            Tensor keys = input(tape, golden, narrow ? "narrowKeys" : "keys").requiresGrad(true);
            Tensor all = input(tape, golden, "queries").requiresGrad(true);
            Tensor mask = name.endsWith("masked") ? input(tape, golden, "mask") : null;
            SequenceAttention.Keys prepared = attention.keys(keys, mask);
            SequenceAttention.Result result = attention.attend(steps == 1 ? all.select(0, 0) : all, prepared);
            int width = narrow ? 4 : 6;
            Tensor outer = input(tape, golden, "outer").narrow(0, 0, steps).narrow(2, 0, width);
            Tensor context = result.context().reshape(steps, 3, width);
            context.mul(outer)
                    .sum()
                    .add(result.weights().mul(result.weights()).sum())
                    .backward();
            close(golden, name, "context", result.context().toArray());
            close(golden, name, "weights", result.weights().toArray());
            float[] diffQuery = all.grad().toArray(ValueLayout.JAVA_FLOAT);
            close(golden, name, "diffQuery", Arrays.copyOf(diffQuery, steps * 12));
            close(golden, name, "diffKeys", keys.grad().toArray(ValueLayout.JAVA_FLOAT));
            parameters
                    .named()
                    .forEach((key, value) ->
                            close(golden, name, "diff." + key, value.grad().toArray(ValueLayout.JAVA_FLOAT)));
        }
    }

    private static Tensor input(Tape tape, GoldenFile golden, String name) {
        return tape.tensor(golden.shape(name), golden.floats(name));
    }

    /** A softmax's 8 ulp, a sum of 7 products and their gradients. */
    private static void close(GoldenFile golden, String name, String what, float[] actual) {
        float[] wanted = golden.floats(name + "/" + what);
        assertThat(actual).as(what).hasSameSizeAs(wanted).containsExactly(wanted, Offset.offset(1e-5f));
    }

    @ParameterizedTest
    @ValueSource(strings = {"additive", "general", "scaled"})
    void capturedIsBuiltAnew(String kind) {
        NativeMemory plain = new NativeMemory(new MemoryBudget(1L << 28), false);
        SequenceAttention attention = attention(kind);
        try (Tape tape = new Tape(kernels, plain);
                Parameters parameters = attention.allocate(plain, 1);
                ParameterScope scope = plain.parameters("inputs")) {
            int width = kind.equals("scaled") ? 4 : 6;
            MemorySegment keys = scope.allocate(4L * 5 * 3 * width, "keys");
            MemorySegment queries = scope.allocate(4L * 2 * 3 * 4, "queries");
            CapturedStep step = tape.capture(() -> {
                Tensor query = tape.input(Shape.of(2, 3, 4), queries);
                SequenceAttention.Result result =
                        attention.attend(query, attention.keys(tape.input(Shape.of(5, 3, width), keys), null));
                return result.context().mul(result.context()).sum();
            });
            float[][] losses = new float[2][3];
            for (int round = 0; round < 6; round++) {
                fill(keys, round % 3);
                fill(queries, 7 + round % 3);
                losses[round / 3][round % 3] = step.forward(1);
                if (parameters.parameterCount() > 0) {
                    step.backward();
                    assertThat(step.repeating()).isEqualTo(round > 0);
                    parameters.zeroGradients();
                    parameters.stepped();
                }
            }
            assertThat(losses[1]).isEqualTo(losses[0]).doesNotHaveDuplicates();
        }
    }

    private static void fill(MemorySegment memory, int seed) {
        for (int i = 0; i < memory.byteSize() / 4; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) Math.sin(1 + i * (seed + 1)));
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        SequenceAttention attention = DotAttention.plain();
        try (Tape tape = new Tape(kernels, memory)) {
            tape.reset(1);
            Tensor keys = tape.zeros(Shape.of(5, 3, 4));
            assertThatThrownBy(() -> attention.keys(keys, tape.zeros(Shape.of(5, 3))))
                    .hasMessage("DotAttention: keys [5x3x4] and mask [5x3] do not fit; give [tk x b x k] and [b x tk]");
            assertThatThrownBy(() -> attention.attend(tape.zeros(Shape.of(2, 4)), attention.keys(keys, null)))
                    .hasMessage("DotAttention: query [2x4] for values [3x5x4] does not fit; give [b x q] or"
                            + " [tq x b x q]");
        }
    }
}
