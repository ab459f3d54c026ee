package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Linear;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import io.gatun.nn.data.SplitMix;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SupervisedTaskTest {
    @TempDir
    private Path folder;

    /** y = (2a - b + 1, a·b) of points in a square; the class is whether y0 > 1. */
    private static float[][][] points(int count, long seed) {
        SplitMix random = SplitMix.of(seed);
        float[][] points = new float[count][];
        float[][] values = new float[count][];
        for (int i = 0; i < count; i++) {
            float a = (float) random.between(-1, 1);
            float b = (float) random.between(-1, 1);
            points[i] = new float[] {a, b};
            values[i] = new float[] {2 * a - b + 1, a * b};
        }
        return new float[][][] {points, values};
    }

    private static Dataset regression(int count, long seed) {
        float[][][] points = points(count, seed);
        return Datasets.of(points[0], points[1]);
    }

    private static Dataset classification(int count, long seed) {
        float[][][] points = points(count, seed);
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = points[1][i][0] > 1 ? 1 : 0;
        }
        return Datasets.of(points[0], labels);
    }

    private static final class Run implements AutoCloseable {
        final NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), false);
        final Kernels kernels = Kernels.open("simd", 1, memory);
        final Module model = new Sequential(new Linear(2, 16), Nonlinearity.tanh(), new Linear(16, 2));
        final Parameters parameters = model.allocate(memory, 1);
        final SupervisedTask task;
        final Optimizer optimizer =
                new Sgd(kernels, memory, parameters, Schedule.constant(0.1f), new Sgd.Options(0.9f, 0, false, 0));
        final Tape tape = new Tape(kernels, memory, 0, 1);

        Run(Loss loss, Dataset train, Dataset test) {
            task = new SupervisedTask(
                    model, loss, DataLoader.training(train, 32, 3), DataLoader.evaluation(test, 32), memory);
        }

        @Override
        public void close() {
            tape.close();
            optimizer.close();
            task.close();
            parameters.close();
            kernels.close();
            assertThat(memory.leaks()).isEmpty();
        }
    }

    @Test
    void learnsNumbersAndResumesToTheBit() throws Exception {
        String whole;
        try (Run run = new Run(Loss.MSE, regression(500, 1), regression(70, 2))) {
            assertThat(run.task.stepsPerEpoch()).isEqualTo(16);
            double before = run.task.evaluate(run.tape).loss();
            Trainer.Summary summary = new Trainer(run.task, run.optimizer, run.tape, 20).run();
            assertThat(before).isGreaterThan(0.5);
            assertThat(summary.test().loss()).isLessThan(0.02);
            assertThat(summary.test().accuracy()).isNaN();
            whole = WeightsHash.hash(run.parameters);
        }
        Path file = folder.resolve("stopped");
        try (Run run = new Run(Loss.MSE, regression(500, 1), regression(70, 2))) {
            new Trainer(run.task, run.optimizer, run.tape, 20)
                    .checkpoint(file, 1, Map.of())
                    .callback(new Callback() {
                        @Override
                        public boolean onStep(StepReport report) {
                            return report.epoch() < 7 || report.batch() < 15;
                        }
                    })
                    .run();
        }
        try (Run run = new Run(Loss.MSE, regression(500, 1), regression(70, 2));
                Arena arena = Arena.ofConfined()) {
            new Trainer(run.task, run.optimizer, run.tape, 20)
                    .resume(CheckpointFile.read(file, arena))
                    .run();
            assertThat(WeightsHash.hash(run.parameters)).isEqualTo(whole);
        }
    }

    @Test
    void learnsClassesAndShowsEveryPrediction() throws Exception {
        Dataset test = classification(70, 2);
        try (Run run = new Run(Loss.CROSS_ENTROPY, classification(500, 1), test)) {
            Trainer.Summary summary = new Trainer(run.task, run.optimizer, run.tape, 10).run();
            assertThat(summary.test().accuracy()).isGreaterThan(0.94);
            List<Integer> sizes = new ArrayList<>();
            int[] right = {0};
            double[] loss = {0};
            Evaluation evaluation = run.task.evaluate(run.tape, (prediction, target) -> {
                float[] logits = prediction.toArray();
                int[] labels = target.data().toArray(ValueLayout.JAVA_INT);
                sizes.add(labels.length);
                for (int i = 0; i < labels.length; i++) {
                    right[0] += (logits[2 * i + 1] > logits[2 * i] ? 1 : 0) == labels[i] ? 1 : 0;
                    double difference = logits[2 * i + 1 - labels[i]] - logits[2 * i + labels[i]];
                    loss[0] += Math.log1p(Math.exp(difference)) / 70;
                }
            });
            assertThat(sizes).containsExactly(32, 32, 6);
            assertThat(evaluation.accuracy()).isEqualTo(right[0] / 70.0);
            assertThat(evaluation.loss()).isEqualTo(loss[0], within(1e-5));
            assertThat(run.model.training()).isTrue();
        }
    }

    @Test
    void refusesWhatCannotWork() {
        Dataset set = classification(8, 1);
        Linear model = new Linear(2, 2);
        NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 20), false);
        DataLoader train = DataLoader.training(set, 4, 1);
        assertThatThrownBy(() -> new SupervisedTask(model, Loss.CROSS_ENTROPY, train, train, memory))
                .hasMessageContaining("would augment its data");
        try (SupervisedTask task =
                new SupervisedTask(model, Loss.CROSS_ENTROPY, train, DataLoader.evaluation(set, 4), memory)) {
            assertThatThrownBy(() -> task.fields("features", "targets"))
                    .hasMessageContaining("the training data have no field 'targets', they have [features f32 [2]");
        }
        assertThat(memory.budget().used()).isZero();
    }
}
