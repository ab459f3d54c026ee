package io.gatun.nn.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Flatten;
import io.gatun.nn.Linear;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.Sequential;
import io.gatun.nn.data.BatchTransform;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nets that learn from mixed images and shares of classes, and are tested on whole images of one class. */
class MixedTrainingTest {
    private static final int SIDE = 6;
    private static final int CLASSES = 3;

    /** One channel is bright; which one is the class. */
    private static ImageDataset colours(int count, long seed) {
        SplitMix random = SplitMix.of(seed);
        byte[] pixels = new byte[count * SIDE * SIDE * 3];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % CLASSES;
            for (int p = 0; p < SIDE * SIDE * 3; p++) {
                pixels[i * SIDE * SIDE * 3 + p] = (byte) (random.below(156) + (p % 3 == labels[i] ? 100 : 0));
            }
        }
        return new ImageDataset(SIDE, SIDE, 3, CLASSES, pixels, labels);
    }

    static Stream<BatchTransform> mixtures() {
        return Stream.of(new Mixup(CLASSES, 1), new CutMix(CLASSES, 1));
    }

    @ParameterizedTest
    @MethodSource("mixtures")
    void aNetLearnsClassesFromTheirMixtures(BatchTransform mixture) throws Exception {
        ImageData data = ImageData.of("colours", colours(240, 1), colours(60, 2), List.of("red", "green", "blue"));
        NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), false);
        Module model = new Sequential(new Flatten(), new Linear(SIDE * SIDE * 3, CLASSES));
        DataLoader train =
                DataLoader.training(data.trainSamples(Augment.flip(0.5)), 24, 1).transform(mixture);
        double[] trainLoss = {0};
        try (Kernels kernels = Kernels.open("simd", 1, memory);
                Parameters parameters = model.allocate(memory, 1);
                SupervisedTask task = new SupervisedTask(
                        model, Loss.CROSS_ENTROPY, train, DataLoader.evaluation(data.testSamples(), 60), memory);
                Optimizer optimizer =
                        new AdamW(kernels, memory, parameters, Schedule.constant(0.01f), AdamW.Options.DEFAULT);
                Tape tape = new Tape(kernels, memory, 0, 1)) {
            Trainer.Summary summary = new Trainer(task, optimizer, tape, 15)
                    .callback(new Callback() {
                        @Override
                        public boolean onEpoch(EpochReport report) {
                            trainLoss[0] = report.trainLoss();
                            return true;
                        }
                    })
                    .run();
            assertThat(summary.test().accuracy()).isGreaterThan(0.98);
            // Shares have an entropy that no net can go below; whole images have none.
            assertThat(trainLoss[0]).isGreaterThan(0.25);
            assertThat(summary.test().loss()).isLessThan(trainLoss[0] - 0.1);
        }
    }
}
