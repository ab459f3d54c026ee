package io.gatun.nn.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.Flatten;
import io.gatun.nn.Folding;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Quantization;
import io.gatun.nn.QuantizedLayers;
import io.gatun.nn.QuantizedLayers.Loss;
import io.gatun.nn.Sequential;
import io.gatun.nn.StateDict;
import io.gatun.nn.io.Safetensors;
import io.gatun.nn.io.SafetensorsFile;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.spec.Activation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small net that tells four quarters of noisy 8x8 images apart, trained in a moment, and then computing with bytes. */
class QuantizationTest {
    private static final NativeMemory MEMORY = NativeMemory.standard();
    private static final int SIDE = 8;
    private static final int TESTED = 1_000;

    private static Kernels kernels;
    private static Tape tape;
    private static Path trained;
    private static float[] tests;

    @TempDir
    static Path folder;

    private static Sequential net() {
        return new Sequential(
                new Conv2d(1, 8, ConvOptions.kernel(3).padding(1).bias(false)),
                new BatchNorm2d(8, true),
                new MaxPool2d(2),
                new Conv2d(8, 16, ConvOptions.kernel(3).padding(1).activation(Activation.RELU)),
                new MaxPool2d(2),
                new Flatten(),
                Linear.afterFlatten(2, 2, 16, 32, Activation.TANH),
                new Linear(32, 4));
    }

    /** Class i % 4 has more light in that quarter, little enough that some images look like another class. */
    private static float[] images(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] pixels = new float[count * SIDE * SIDE];
        for (int i = 0; i < pixels.length; i++) {
            int y = i / SIDE % SIDE / (SIDE / 2);
            int x = i % SIDE / (SIDE / 2);
            boolean lit = i / (SIDE * SIDE) % 4 == 2 * y + x;
            pixels[i] = (float) random.nextGaussian() + (lit ? 0.55f : 0);
        }
        return pixels;
    }

    private static Shape shape(int count) {
        return Shape.of(count, SIDE, SIDE, 1);
    }

    @BeforeAll
    static void train() throws IOException {
        kernels = Kernels.open("simd", 2);
        tape = new Tape(kernels, MEMORY);
        trained = folder.resolve("trained.safetensors");
        tests = images(TESTED, 99);
        Sequential model = net();
        int batch = 64;
        int[] classes = IntStream.range(0, batch).map(i -> i % 4).toArray();
        try (Parameters parameters = model.allocate(MEMORY, 7);
                Optimizer adam =
                        new AdamW(kernels, MEMORY, parameters, Schedule.constant(3e-3f), AdamW.Options.DEFAULT)) {
            for (int step = 0; step < 120; step++) {
                tape.reset();
                Losses.crossEntropy(
                                model.call(tape.tensor(shape(batch), images(batch, 1000 + step))),
                                tape.integers(Shape.of(batch), classes))
                        .backward();
                adam.step();
            }
            StateDict.save(model, trained);
        }
    }

    @AfterAll
    static void close() {
        tape.close();
        kernels.close();
    }

    private interface Use {
        void of(Sequential model) throws IOException;
    }

    /** With the trained net, folded. */
    private static void folded(Use use) throws IOException {
        Sequential model = net();
        try (Parameters _ = model.allocate(MEMORY, 1);
                var _ = tape.noGrad()) {
            StateDict.of(trained).load(model);
            model.eval();
            assertThat(Folding.batchNorms(model)).isEqualTo(1);
            use.of(model);
        }
    }

    private static Quantization calibrated(Sequential model) {
        return new Quantization(model).calibrate(() -> logits(model, images(256, 5)));
    }

    private static float[] logits(Sequential model, float[] pixels) {
        tape.reset();
        return model.call(tape.tensor(shape(pixels.length / (SIDE * SIDE)), pixels))
                .toArray();
    }

    private static double accuracy(float[] logits) {
        int right = 0;
        for (int i = 0; i < logits.length / 4; i++) {
            int best = 0;
            for (int c = 1; c < 4; c++) {
                best = logits[4 * i + c] > logits[4 * i + best] ? c : best;
            }
            right += best == i % 4 ? 1 : 0;
        }
        return right / (logits.length / 4.0);
    }

    @Test
    void atMostOneImageInAHundredIsLost() throws IOException {
        folded(model -> {
            float[] before = logits(model, tests);
            assertThat(accuracy(before)).isBetween(0.8, 0.995);
            int modes = model.modes();
            try (QuantizedLayers layers = calibrated(model).convert(MEMORY)) {
                assertThat(layers.names()).containsExactly("0", "3", "6", "7");
                assertThat(model.modes()).as("captured steps are built again").isNotEqualTo(modes);
                float[] after = logits(model, tests);
                assertThat(after).isNotEqualTo(before);
                assertThat(accuracy(after)).isGreaterThan(accuracy(before) - 0.01);
            }
            assertThat(logits(model, tests)).as("closed, it is the net before").isEqualTo(before);
        });
    }

    @Test
    void eachLayersLossIsSmallAndSaid() throws IOException {
        folded(model -> {
            try (QuantizedLayers layers = calibrated(model).convert(MEMORY)) {
                List<Loss> losses = layers.compare(() -> logits(model, tests));
                assertThat(losses).extracting(Loss::name).containsExactly("0", "3", "6", "7");
                assertThat(losses).allSatisfy(loss -> {
                    // 8 bits of a range that is used in a quarter of its width: 6.02 · 6 dB and more.
                    assertThat(loss.decibels()).isBetween(30.0, 60.0);
                    assertThat(loss.maxError()).isBetween(1e-4, 0.2);
                });
                // 16 filters of 3·3·8 weights and a bias, 4 bytes each; then 1 each, 2·16·4 and 8.
                assertThat(losses.get(1).bytesBefore()).isEqualTo(4 * (16 * 72 + 16));
                assertThat(losses.get(1).bytesAfter()).isEqualTo(16 * 72 + 2 * 16 * 4 + 8);
            }
        });
    }

    @Test
    void layersMayBeLeftOutAndRangesChosenOtherwise() throws IOException {
        folded(model -> {
            Quantization quantization = new Quantization(model)
                    .skip(name -> name.equals("0") || name.equals("7"))
                    .observer(() -> new PercentileObserver(1e-3));
            quantization.calibrate(() -> logits(model, images(256, 5)));
            try (QuantizedLayers layers = quantization.convert(MEMORY)) {
                assertThat(layers.names()).containsExactly("3", "6");
                assertThat(accuracy(logits(model, tests))).isGreaterThan(0.8);
            }
        });
    }

    @Test
    void aSavedNetIsTheSameToTheBit() throws IOException {
        Path file = folder.resolve("bytes.safetensors");
        float[][] wanted = new float[1][];
        folded(model -> {
            Quantization quantization = new Quantization(model).skip("7"::equals);
            quantization.calibrate(() -> logits(model, images(256, 5)));
            try (QuantizedLayers layers = quantization.convert(MEMORY)) {
                wanted[0] = logits(model, tests);
                layers.save(file);
            }
        });
        try (SafetensorsFile open = Safetensors.open(file)) {
            assertThat(open.tensor("3.weight").type()).isEqualTo(TensorType.I8);
            assertThat(open.tensor("3.weight").shape())
                    .as("as PyTorch has filters")
                    .containsExactly(16, 8, 3, 3);
            assertThat(open.tensor("6.weight").type()).isEqualTo(TensorType.I8);
            assertThat(open.tensor("6.weight_scale").shape()).containsExactly(32);
            assertThat(open.tensor("6.input_zero_point").type()).isEqualTo(TensorType.I32);
            assertThat(open.tensor("7.weight").type()).isEqualTo(TensorType.F32);
        }
        Sequential fresh = net();
        try (Parameters _ = fresh.allocate(MEMORY, 31);
                var _ = tape.noGrad()) {
            fresh.eval();
            try (QuantizedLayers layers = Quantization.load(fresh, file, MEMORY)) {
                assertThat(layers.names()).containsExactlyInAnyOrder("0", "3", "6");
                assertThat(logits(fresh, tests)).isEqualTo(wanted[0]);
            }
        }
    }

    /** What a byte cannot say the scale does: of a batch with a NaN nothing looks like a number. */
    @Test
    void aNanIsNotLost() throws IOException {
        folded(model -> {
            try (QuantizedLayers _ = calibrated(model).convert(MEMORY)) {
                float[] pixels = tests.clone();
                pixels[70] = Float.NaN;
                for (float logit : logits(model, pixels)) {
                    assertThat(logit).isNaN();
                }
            }
        });
    }

    @Test
    void manyThreadsGetTheBitsOfOne() throws IOException {
        folded(model -> {
            try (QuantizedLayers _ = calibrated(model).convert(MEMORY);
                    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                float[] wanted = logits(model, tests);
                List<CompletableFuture<float[]>> answers = IntStream.range(0, 8)
                        .mapToObj(_ -> CompletableFuture.supplyAsync(
                                () -> {
                                    try (Tape own = new Tape(kernels, MEMORY);
                                            var _ = own.noGrad()) {
                                        return model.call(own.tensor(shape(TESTED), tests))
                                                .toArray();
                                    }
                                },
                                threads))
                        .toList();
                answers.forEach(answer -> assertThat(answer.join()).isEqualTo(wanted));
            }
        });
    }

    @Test
    void itIsForInferenceAlone() throws IOException {
        folded(model -> {
            try (QuantizedLayers _ = calibrated(model).convert(MEMORY)) {
                assertThatThrownBy(model::train)
                        .hasMessage("Sequential cannot be trained: its part '0' was quantised for inference; build the"
                                + " net again and load its weights from their file");
                assertThatThrownBy(() -> StateDict.save(model, folder.resolve("no")))
                        .hasMessageContaining("quantised for inference");
                assertThatThrownBy(() -> new Quantization(model)).hasMessageContaining("quantised already");
                try (Tape recording = new Tape(kernels, MEMORY)) {
                    var images = recording.tensor(shape(1), images(1, 3)).requiresGrad(true);
                    assertThatThrownBy(() -> model.call(images)).hasMessageContaining("within tape.noGrad()");
                }
            }
        });
    }

    @Test
    void whatCannotBeQuantisedSaysWhy() throws IOException {
        assertThatThrownBy(() -> new Quantization(net())).hasMessageContaining("call eval on it first");
        folded(model -> {
            assertThatThrownBy(() -> new Quantization(model).convert(MEMORY))
                    .hasMessageContaining("calibration has reached none of the layers [0, 3, 6, 7]");
            assertThatThrownBy(() -> Quantization.load(model, trained, MEMORY))
                    .hasMessageContaining("holds no layer as bytes");
            Quantization quantization = calibrated(model);
            model.stateDict().get("3.weight").copyFrom(new float[16 * 72]);
            quantization.convert(MEMORY).close();
            float[] broken = new float[16 * 72];
            broken[5] = Float.NaN;
            model.stateDict().get("3.weight").copyFrom(broken);
            assertThatThrownBy(() -> quantization.convert(MEMORY))
                    .hasMessageContaining("the weights of layer '3' are not finite");
        });
    }
}
