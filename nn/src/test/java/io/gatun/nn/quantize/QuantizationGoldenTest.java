package io.gatun.nn.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Quantization;
import io.gatun.nn.QuantizedLayer;
import io.gatun.nn.QuantizedLayers;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.spec.Activation;
import io.gatun.spec.QuantizeSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PyTorch's bytes, scales and zero points exactly, and its results to four roundings. */
class QuantizationGoldenTest {
    private static final NativeMemory MEMORY = NativeMemory.standard();
    private static final GoldenFile GOLDEN = GoldenFile.of(QuantizationGoldenTest.class, "quantize.safetensors");
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 2);
    }

    @AfterAll
    static void close() {
        kernels.close();
        GOLDEN.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"wide", "odd", "positive", "negative"})
    void theBytesOfQuantizePerTensor(String name) {
        float[] src = GOLDEN.floats(name + "/src");
        int[] wanted = GOLDEN.integers(name + "/dst");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_FLOAT, src);
            MemorySegment scale = arena.allocateFrom(ValueLayout.JAVA_FLOAT, GOLDEN.number(name + "/scale"));
            int zeroPoint = GOLDEN.integers(name + "/zero_point")[0];
            MemorySegment zero = arena.allocateFrom(ValueLayout.JAVA_INT, zeroPoint);
            MemorySegment to = arena.allocate(src.length);
            MemorySegment scaleTo = arena.allocate(4, 4);
            kernels.plan(new QuantizeSpec(src.length)).run(from, scale, zero, to, scaleTo);
            Affine affine = new Affine(GOLDEN.number(name + "/scale"), zeroPoint);
            for (int i = 0; i < src.length; i++) {
                assertThat(to.get(ValueLayout.JAVA_BYTE, i) & 0xFF)
                        .as("byte of %s", src[i])
                        .isEqualTo(wanted[i]);
                assertThat(affine.quantize(src[i]))
                        .as("Java's byte of %s", src[i])
                        .isEqualTo(wanted[i]);
            }
            assertThat(scaleTo.get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(GOLDEN.number(name + "/scale"));
        }
    }

    private static Module layer(String name) {
        return switch (name) {
            case "linear" -> new Linear(70, 9);
            case "linear_relu" -> new Linear(520, 5, false, Activation.RELU);
            case "conv" -> new Conv2d(5, 8, 3, 2, 1);
            case "conv_groups" ->
                new Conv2d(6, 4, ConvOptions.kernel(3).padding(2).dilation(2).groups(2));
            case "conv_wide" ->
                new Conv2d(64, 3, ConvOptions.kernel(3).padding(1).activation(Activation.RELU));
            default -> throw new AssertionError(name);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"linear", "linear_relu", "conv", "conv_groups", "conv_wide"})
    void theResultsOfWhatTheBytesStandFor(String name) {
        Module layer = layer(name);
        float[] src = GOLDEN.floats(name + "/src");
        Shape shape = GOLDEN.shape(name + "/src");
        try (Parameters parameters = layer.allocate(MEMORY, 1);
                Tape tape = new Tape(kernels, MEMORY);
                var _ = tape.noGrad()) {
            parameters.get("weight").copyFrom(GOLDEN.floats(name + "/weight"));
            if (GOLDEN.has(name + "/bias")) {
                parameters.get("bias").copyFrom(GOLDEN.floats(name + "/bias"));
            }
            layer.eval();
            Quantization quantization = new Quantization(layer).calibrate(() -> layer.call(tape.tensor(shape, src)));
            try (QuantizedLayers layers = quantization.convert(MEMORY)) {
                QuantizedLayer made = layers.layer("");
                assertThat(made.input())
                        .isEqualTo(
                                new Affine(GOLDEN.number(name + "/scale"), GOLDEN.integers(name + "/zero_point")[0]));
                assertThat(made.stateDict().get("weight_scale").toArray())
                        .isEqualTo(GOLDEN.floats(name + "/weight_scales"));
                int[] bytes = GOLDEN.integers(name + "/weight_bytes");
                MemorySegment weights = made.stateDict().get("weight").data();
                for (int i = 0; i < bytes.length; i++) {
                    assertThat(weights.get(ValueLayout.JAVA_BYTE, i))
                            .as("weight %d", i)
                            .isEqualTo((byte) bytes[i]);
                }
                float[] wanted = GOLDEN.floats(name + "/dst");
                float[] dst = layer.call(tape.tensor(shape, src)).toArray();
                double largest = 0;
                for (float value : wanted) {
                    largest = Math.max(largest, Math.abs(value));
                }
                for (int i = 0; i < wanted.length; i++) {
                    assertThat((double) dst[i]).as("dst %d", i).isCloseTo(wanted[i], within(6 * 0x1p-24 * largest));
                }
            }
        }
    }
}
