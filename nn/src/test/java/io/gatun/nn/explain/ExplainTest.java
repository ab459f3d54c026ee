package io.gatun.nn.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Conv2d;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Linear;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import io.gatun.nn.StateDict;
import io.gatun.nn.golden.GoldenFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Saliency and Grad-CAM against PyTorch ({@code explain.py}); the others from their definitions. */
class ExplainTest {
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), true);
    private final Kernels kernels = Kernels.open("simd", 2);
    private final Tape tape = new Tape(kernels, memory);
    private final GoldenFile golden = GoldenFile.of(ExplainTest.class, "explain.safetensors");
    private final Sequential net = new Sequential(
            new Conv2d(2, 3, 3, 1, 1),
            Nonlinearity.relu(),
            new Conv2d(3, 4, 3, 2, 1),
            Nonlinearity.relu(),
            new GlobalAvgPool(),
            new Linear(4, 3));
    private Parameters parameters;

    @BeforeEach
    void load() throws Exception {
        parameters = net.allocate(memory, 1);
        StateDict.of(Path.of(
                        ExplainTest.class.getResource("explain_net.safetensors").toURI()))
                .load(net);
    }

    @AfterEach
    void close() {
        parameters.close();
        golden.close();
        tape.close();
        kernels.close();
        assertThat(memory.leaks()).isEmpty();
    }

    @Test
    void saliencyIsPyTorchsAndLeavesNothingBehind() {
        float[] found =
                Saliency.of(net, tape, golden.shape("images"), golden.floats("images"), golden.integers("classes"));
        assertThat(found).usingComparatorWithPrecision(1e-6f).containsExactly(golden.floats("saliency"));
        assertThat(net.training()).isTrue();
        assertThat(parameters.gradients().toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT))
                .containsOnly(0);
    }

    @Test
    void partsKeepTheModesTheyHad() {
        net.modules().get("1").eval();
        net.modules().get("0").freeze();
        Saliency.of(net, tape, golden.shape("images"), golden.floats("images"), golden.integers("classes"));
        Shape images = golden.shape("images");
        Shape image = Shape.of(images.dim(1), images.dim(2), images.dim(3));
        float[] first = Arrays.copyOf(golden.floats("images"), (int) image.elements());
        new Occlusion(2, 2, 0).of(net, tape, image, first, 0);
        assertThat(net.training()).isTrue();
        assertThat(net.modules().get("1").training()).isFalse();
        net.modules().get("0").unfreeze();
        assertThat(net.modules().get("0").training()).isTrue();
    }

    @Test
    void gradCamIsPyTorchs() {
        GradCam.Maps maps = GradCam.of(
                net,
                net.modules().get("3"),
                tape,
                golden.shape("images"),
                golden.floats("images"),
                golden.integers("classes"));
        assertThat(Shape.of(maps.n(), maps.height(), maps.width())).isEqualTo(golden.shape("cam"));
        assertThat(maps.values()).usingComparatorWithPrecision(2e-6f).containsExactly(golden.floats("cam"));
        assertThat(maps.resized(6, 8).values())
                .usingComparatorWithPrecision(2e-6f)
                .containsExactly(golden.floats("large"));
        assertThatThrownBy(() -> GradCam.of(
                        net,
                        net.modules().get("5"),
                        tape,
                        golden.shape("images"),
                        golden.floats("images"),
                        golden.integers("classes")))
                .hasMessageContaining("gives [2x3], no planes");
        assertThatThrownBy(() -> GradCam.of(net, net, tape, golden.shape("images"), golden.floats("images"), 1, 7))
                .hasMessageContaining("class 7");
        assertThatThrownBy(() ->
                        GradCam.of(net, net.modules().get("layer4"), tape, golden.shape("images"), new float[0], 1))
                .hasMessageContaining("no such layer")
                .hasMessageContaining("[, 0, 1");
    }

    /** Each place's fall is that of an image with the square painted by hand. */
    @Test
    void occlusionIsTheFallOfTheLogit() {
        float[] image = Arrays.copyOf(golden.floats("images"), 6 * 8 * 2);
        Shape shape = Shape.of(6, 8, 2);
        Occlusion.Map map = new Occlusion(3, 2, 0.5f).of(net, tape, shape, image, 1);
        assertThat(map.height()).isEqualTo(2);
        assertThat(map.width()).isEqualTo(3);
        float whole = logit(image, 1);
        assertThat(whole).isCloseTo(golden.floats("logits")[1], within(1e-5f));
        for (int place = 0; place < 6; place++) {
            float[] hidden = image.clone();
            for (int y = 0; y < 3; y++) {
                for (int x = 0; x < 3; x++) {
                    int pixel = (place / 3 * 2 + y) * 8 + place % 3 * 2 + x;
                    hidden[2 * pixel] = 0.5f;
                    hidden[2 * pixel + 1] = 0.5f;
                }
            }
            assertThat(map.values()[place]).isCloseTo(whole - logit(hidden, 1), within(2e-6f));
        }
        assertThatThrownBy(() -> new Occlusion(9, 1, 0).of(net, tape, shape, image, 1))
                .hasMessageContaining("square of 9")
                .hasMessageContaining("[6x8x2]");
        assertThatThrownBy(() -> new Occlusion(1, 1, 0).of(net, tape, Shape.of(6), image, 1))
                .hasMessageContaining("give [h, w, c]");
    }

    private float logit(float[] image, int label) {
        tape.reset();
        net.eval();
        return net.call(tape.tensor(Shape.of(1, 6, 8, 2), image)).toArray()[label];
    }

    /**
     * y = 3a - b + 0c: with a and b of variance 1/3, shuffling one costs twice its weight squared times its variance in
     * squared error, and c nothing.
     */
    @Test
    void importanceIsTwiceTheWeightedVariance() {
        int rows = 4000;
        SplittableRandom random = new SplittableRandom(3);
        float[] features = new float[rows * 3];
        for (int i = 0; i < features.length; i++) {
            features[i] = (float) random.nextDouble(-1, 1);
        }
        float[] before = features.clone();
        var importance = PermutationImportance.of(features, 3, shuffled -> -squaredError(shuffled, before), 5, 9);
        assertThat(importance.mean()[0]).isCloseTo(6, within(0.2));
        assertThat(importance.mean()[1]).isCloseTo(2.0 / 3, within(0.03));
        assertThat(importance.mean()[2]).isZero();
        assertThat(importance.deviation()[0]).isBetween(0.001, 0.3);
        assertThat(importance.deviation()[2]).isZero();
        assertThat(features).isEqualTo(before);
        var again = PermutationImportance.of(features, 3, shuffled -> -squaredError(shuffled, before), 5, 9);
        assertThat(again.mean()).isEqualTo(importance.mean());
        assertThatThrownBy(() -> PermutationImportance.of(features, 7, _ -> 0, 5, 9))
                .hasMessageContaining("rows of 7");
    }

    private static double squaredError(float[] shuffled, float[] truth) {
        double sum = 0;
        int rows = truth.length / 3;
        for (int i = 0; i < rows; i++) {
            double predicted = 3 * shuffled[3 * i] - shuffled[3 * i + 1];
            double target = 3 * truth[3 * i] - truth[3 * i + 1];
            sum += (predicted - target) * (predicted - target) / rows;
        }
        return sum;
    }
}
