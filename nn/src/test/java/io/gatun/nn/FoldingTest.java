package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.Activation;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FoldingTest {
    private static final NativeMemory MEMORY = NativeMemory.standard();

    @ParameterizedTest
    @ValueSource(strings = {"auto", "simd"})
    void aFoldedResNetIsTheNetBefore(String backend) {
        try (Kernels kernels = Kernels.open(backend, 2)) {
            FoldedNets.check(kernels, MEMORY);
        }
    }

    /** A bias of its own, groups, a norm with a ReLU; then two that stay: a conv with an activation, a norm without weights. */
    @Test
    void neighboursOfASequentialAreFolded() {
        Conv2d relu = new Conv2d(6, 4, ConvOptions.kernel(1).activation(Activation.RELU));
        Sequential model = new Sequential(
                new Conv2d(4, 6, ConvOptions.kernel(3).groups(2).padding(1)),
                new BatchNorm2d(6, BatchNorm.Options.DEFAULT.eps(0.5f).relu(true)),
                relu,
                new BatchNorm2d(4),
                new Conv2d(4, 3, 1, 1, 0),
                new BatchNorm2d(3, BatchNorm.Options.DEFAULT.affine(false)));
        try (Kernels kernels = Kernels.open("simd", 1);
                Parameters _ = model.allocate(MEMORY, 3)) {
            FoldedNets.disturb(model);
            model.eval();
            float[] wanted = FoldedNets.run(model, kernels, MEMORY, 2, 5, 4);
            int modes = model.modes();
            AtomicInteger negative = new AtomicInteger();
            assertThat(Folding.batchNorms(model)).isEqualTo(1);
            model.get(0).onForward((_, _, dst) -> negative.addAndGet(negatives(dst)));
            FoldedNets.assertClose(FoldedNets.run(model, kernels, MEMORY, 2, 5, 4), wanted);
            assertThat(negative).as("the ReLU runs in the convolution").hasValue(0);
            assertThat(model.modes()).as("captured steps are built again").isNotEqualTo(modes);
        }
    }

    private static int negatives(Tensor tensor) {
        int count = 0;
        for (float value : tensor.toArray()) {
            count += value < 0 ? 1 : 0;
        }
        return count;
    }

    @Test
    void aFoldedNetIsNeitherTrainedNorSavedNorFoldedAgain() {
        Path file = Path.of("never-written.safetensors");
        Sequential model = new Sequential(new Conv2d(2, 3, 1, 1, 0), new BatchNorm2d(3));
        try (Parameters _ = model.allocate(MEMORY, 3)) {
            float[] before = model.stateDict().get("0.weight").toArray();
            assertThatThrownBy(() -> Folding.batchNorms(model))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("call eval on the model first");
            assertThat(model.stateDict().get("0.weight").toArray()).isEqualTo(before);
            model.eval();
            Folding.batchNorms(model);
            String rest =
                    ": its part '0' was folded for inference; build the net again and load its weights from their file";
            assertThatThrownBy(model::train).hasMessage("Sequential cannot be trained" + rest);
            assertThatThrownBy(model::unfreeze).hasMessage("Sequential cannot be trained" + rest);
            assertThatThrownBy(() -> StateDict.save(model, file)).hasMessage("Sequential cannot be saved" + rest);
            assertThatThrownBy(() -> StateDict.of(file).load(model)).hasMessage("Sequential cannot be loaded" + rest);
            assertThatThrownBy(() -> Folding.batchNorms(model)).hasMessage("Sequential cannot be folded again" + rest);
            assertThat(model.training()).isFalse();
        }
    }

    @Test
    void whatCannotBeFoldedSaysWhy() {
        Conv2d conv = new Conv2d(2, 2, 1, 1, 0);
        Sequential twice = new Sequential(conv, new BatchNorm2d(2), conv, new BatchNorm2d(2));
        Sequential channels = new Sequential(new Conv2d(2, 3, 1, 1, 0), new BatchNorm2d(4));
        Sequential empty = new Sequential(new Conv2d(2, 3, 1, 1, 0), new BatchNorm2d(3));
        for (Module model : List.of(twice, channels, empty)) {
            model.eval();
        }
        assertThatThrownBy(() -> Folding.batchNorms(empty)).hasMessageContaining("has no memory yet");
        assertThatThrownBy(() -> Folding.batchNorms(twice)).hasMessageContaining("used in two places");
        assertThatThrownBy(() -> Folding.batchNorms(channels))
                .hasMessageContaining("4 channels behind a convolution of 3");
    }
}
