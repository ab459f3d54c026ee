package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.memory.FailingBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.NativeMemoryException;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Linear;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.Sequential;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** 22 images in batches of 8: two whole ones, and six images over. */
@Timeout(60)
class ImageTaskTest {
    private static final int IMAGES = 22;
    private static final int BATCH = 8;
    private static final int EPOCHS = 3;
    private static final ImageData DATA = ImageData.of("noise", noise(IMAGES, 5), noise(9, 5), List.of("a", "b", "c"));

    @TempDir
    private Path folder;

    private static ImageDataset noise(int count, int size) {
        byte[] pixels = new byte[count * size * size * 3];
        new Random(count).nextBytes(pixels);
        int[] labels = IntStream.range(0, count).map(i -> i % 3).toArray();
        return new ImageDataset(size, size, 3, 3, pixels, labels);
    }

    private static Task keepLast(Module model, ImageData data, Augmentation augmentation, NativeMemory memory) {
        return new SupervisedTask(
                model,
                Loss.CROSS_ENTROPY,
                DataLoader.training(data.trainSamples(augmentation), BATCH, 4),
                DataLoader.evaluation(data.testSamples(), BATCH),
                memory);
    }

    /** Convolution, norm, dropout; everything that training it needs. */
    private static final class Run implements AutoCloseable {
        final FailingBudget budget = new FailingBudget(1 << 26);
        final NativeMemory memory = new NativeMemory(budget, false);
        final Kernels kernels = Kernels.open("simd", 2, memory);
        final Module model = new Sequential(
                new Conv2d(3, 6, 3, 1, 1),
                new BatchNorm2d(6, true),
                new Dropout(0.2f),
                new GlobalAvgPool(),
                new Linear(6, 3));
        final Parameters parameters = model.allocate(memory, 1);
        final Task task = keepLast(model, DATA, Augmentation.CIFAR, memory);
        final Optimizer optimizer =
                new Sgd(kernels, memory, parameters, Schedule.cosine(0.1f, 2, 9), Sgd.Options.nesterov(0.9f, 1e-3f));
        final Tape tape = new Tape(kernels, memory, 0, 1);

        Trainer trainer(Path file) {
            return new Trainer(task, optimizer, tape, EPOCHS).checkpoint(file, 1, Map.of());
        }

        String hash() throws Exception {
            return WeightsHash.hash(parameters);
        }

        @Override
        public void close() {
            tape.close();
            optimizer.close();
            task.close();
            parameters.close();
            kernels.close();
            assertThat(memory.leaks()).isEmpty();
            assertThat(budget.used()).isZero();
        }
    }

    @Test
    void keepingTheLastBatchEveryEpochShowsEveryImageOnce() {
        byte[] pixels = new byte[IMAGES];
        for (int i = 0; i < IMAGES; i++) {
            pixels[i] = (byte) i;
        }
        ImageDataset numbered = new ImageDataset(1, 1, 1, 1, pixels, new int[IMAGES]);
        List<Float> seen = new ArrayList<>();
        Linear layer = new Linear(1, 1);
        Module recording = new Module() {
            {
                child("layer", layer);
            }

            @Override
            public Tensor forward(Tensor src) {
                for (float pixel : src.toArray()) {
                    seen.add(pixel);
                }
                return layer.forward(src.flatten(1));
            }
        };
        NativeMemory memory = new NativeMemory(new FailingBudget(1 << 24), false);
        ImageData data = ImageData.of("numbered", numbered, numbered, List.of("a"));
        try (Kernels kernels = Kernels.open("simd", 1, memory);
                Parameters _ = recording.allocate(memory, 1);
                Tape tape = new Tape(kernels, memory);
                Task task = keepLast(recording, data, Augmentation.NONE, memory);
                ImageTask full = new ImageTask(recording, data, BATCH, 4, Augmentation.NONE, memory)) {
            assertThat(task.stepsPerEpoch()).isEqualTo(3);
            assertThat(full.stepsPerEpoch()).isEqualTo(2);
            List<Float> before = null;
            for (int epoch = 0; epoch < 2; epoch++) {
                seen.clear();
                int items = 0;
                for (int step = 0; step < task.stepsPerEpoch(); step++) {
                    tape.reset();
                    task.forward(tape);
                    items += task.items();
                }
                assertThat(items).isEqualTo(IMAGES);
                assertThat(seen).hasSize(IMAGES).doesNotHaveDuplicates().isNotEqualTo(before);
                before = List.copyOf(seen);
            }
        }
    }

    @Test
    void resumesToTheBitAtAnyStepTheShortBatchIncluded() throws Exception {
        String whole;
        try (Run run = new Run()) {
            run.trainer(folder.resolve("whole")).run();
            whole = run.hash();
            assertThat(run.parameters.get("1.num_batches_tracked").data().get(ValueLayout.JAVA_LONG, 0))
                    .as("three batches in each of three epochs; evaluation counts none")
                    .isEqualTo(9);
        }
        for (int stop = 1; stop < 9; stop++) {
            Path file = folder.resolve("stopped" + stop);
            int steps = stop;
            try (Run run = new Run()) {
                run.trainer(file)
                        .callback(new Callback() {
                            private int done;

                            @Override
                            public boolean onStep(StepReport report) {
                                return ++done < steps;
                            }
                        })
                        .run();
            }
            try (Run run = new Run();
                    Arena arena = Arena.ofConfined()) {
                CheckpointFile.Content content = CheckpointFile.read(file, arena);
                assertThat(content.tensor("1.num_batches_tracked").data().get(ValueLayout.JAVA_LONG, 0))
                        .isEqualTo(stop);
                run.trainer(file).resume(content).run();
                assertThat(run.hash()).as("stopped after step %d", stop).isEqualTo(whole);
            }
        }
    }

    /** Wherever in a training memory ends, run() again finishes it as if nothing had happened. */
    @Test
    void outOfMemoryAtAnyRequestOfATrainingCostsNothingButTheTry() throws Exception {
        String whole;
        try (Run run = new Run()) {
            run.trainer(folder.resolve("whole")).run();
            whole = run.hash();
        }
        int failures = 0;
        for (boolean failed = true; failed; ) {
            failed = false;
            try (Run run = new Run()) {
                Trainer trainer = run.trainer(folder.resolve("again"));
                run.budget.failAt(failures + 1);
                try {
                    trainer.run();
                } catch (NativeMemoryException e) {
                    failed = true;
                    failures++;
                    trainer.run();
                }
                assertThat(run.hash()).as("request %d", failures).isEqualTo(whole);
            }
        }
        assertThat(failures).isGreaterThan(15);
    }

    @Test
    void aCheckpointThatDoesNotFitChangesNothing() throws Exception {
        Path file = folder.resolve("other");
        try (Run run = new Run()) {
            run.trainer(file).run();
        }
        try (Run run = new Run();
                Arena arena = Arena.ofConfined()) {
            CheckpointFile.Content content = CheckpointFile.read(file, arena);
            var tensors = new ArrayList<>(content.tensors());
            tensors.removeIf(tensor -> tensor.name().equals("optimizer.momentum.4.bias"));
            CheckpointFile.Content lacking = new CheckpointFile.Content(file, tensors, content.metadata());
            String before = run.hash();
            assertThatThrownBy(() -> run.trainer(file).resume(lacking))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("optimizer.momentum.4.bias");
            assertThat(run.hash()).isEqualTo(before);
        }
    }
}
