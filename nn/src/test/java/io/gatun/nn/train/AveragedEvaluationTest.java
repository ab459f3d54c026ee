package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.BatchNorm1d;
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
import io.gatun.nn.optim.WeightAverage;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Evaluations see averaged weights, and training never does. */
class AveragedEvaluationTest {
    @TempDir
    private Path folder;

    private static Dataset points(int count, long seed) {
        SplitMix random = SplitMix.of(seed);
        float[][] points = new float[count][];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            points[i] = new float[] {(float) random.between(-1, 3), (float) random.between(-1, 1)};
            labels[i] = points[i][0] * points[i][1] > 0 ? 1 : 0;
        }
        return Datasets.of(points, labels);
    }

    /** A net with batch norm, and an average of each step's weights. */
    private static final class Run implements AutoCloseable {
        final NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), false);
        final Kernels kernels = Kernels.open("simd", 1, memory);
        final Module model =
                new Sequential(new Linear(2, 8), new BatchNorm1d(8), Nonlinearity.relu(), new Linear(8, 2));
        final Parameters parameters = model.allocate(memory, 1);
        final WeightAverage average = WeightAverage.swa(kernels, memory, parameters);
        final SupervisedTask task = new SupervisedTask(
                model,
                Loss.CROSS_ENTROPY,
                DataLoader.training(points(96, 1), 32, 3),
                DataLoader.evaluation(points(40, 2), 40),
                memory);
        final Optimizer optimizer =
                new Sgd(kernels, memory, parameters, Schedule.constant(0.5f), Sgd.Options.nesterov(0.9f, 0));
        final Tape tape = new Tape(kernels, memory, 0, 1);

        Trainer trainer(int epochs) {
            return new Trainer(task, optimizer, tape, epochs);
        }

        float weight() {
            return parameters.get("0.weight").toArray()[0];
        }

        float[] runningMean() {
            return parameters.get("1.running_mean").toArray();
        }

        @Override
        public void close() {
            tape.close();
            optimizer.close();
            task.close();
            average.close();
            parameters.close();
            kernels.close();
            assertThat(memory.leaks()).isEmpty();
        }
    }

    private static String plainRun() throws Exception {
        try (Run run = new Run()) {
            run.trainer(4).run();
            return WeightsHash.hash(run.parameters);
        }
    }

    /** Of each step's weight, and of each evaluation's and epoch's weight and running means. */
    private static final class Watch implements Callback {
        final List<Float> steps = new ArrayList<>();
        final List<Float> evaluated = new ArrayList<>();
        final List<Float> trained = new ArrayList<>();
        final List<float[]> evaluatedMeans = new ArrayList<>();
        final List<float[]> trainedMeans = new ArrayList<>();
        private final Run run;

        Watch(Run run) {
            this.run = run;
        }

        @Override
        public boolean onStep(StepReport report) {
            return steps.add(run.weight());
        }

        @Override
        public boolean onEvaluation(Training training, EpochReport report) {
            evaluated.add(run.weight());
            return evaluatedMeans.add(run.runningMean());
        }

        @Override
        public boolean onEpoch(EpochReport report) {
            trained.add(run.weight());
            return trainedMeans.add(run.runningMean());
        }
    }

    @Test
    void evaluationsSeeTheMeanOfTheStepsAndTrainingIsAsWithoutThem() throws Exception {
        try (Run run = new Run()) {
            Watch watch = new Watch(run);
            Trainer trainer = run.trainer(4).average(run.average).callback(watch);
            Trainer.Summary summary = trainer.run();
            for (int epoch = 0; epoch < 4; epoch++) {
                double mean = watch.steps.subList(0, 3 * (epoch + 1)).stream()
                        .mapToDouble(w -> w)
                        .average()
                        .orElseThrow();
                assertThat(watch.evaluated.get(epoch)).isEqualTo((float) mean, within(1e-5f));
                assertThat(watch.trained.get(epoch))
                        .isEqualTo(watch.steps.get(3 * epoch + 2))
                        .isNotEqualTo(watch.evaluated.get(epoch));
                assertThat(watch.evaluatedMeans.get(epoch)).isEqualTo(watch.trainedMeans.get(epoch));
            }
            assertThat(WeightsHash.hash(run.parameters)).isEqualTo(plainRun());
            assertThat(trainer.run().test()).as("nothing left to learn").isEqualTo(summary.test());
            double raw = trainer.evaluate().loss();
            run.average.keep();
            assertThat(trainer.evaluate()).isEqualTo(summary.test());
            assertThat(raw).isNotEqualTo(summary.test().loss());
        }
    }

    @Test
    void runningStatisticsAreTheAveragesDuringItsEvaluation() throws Exception {
        try (Run run = new Run()) {
            Watch watch = new Watch(run);
            run.trainer(4).average(run.average, 100).callback(watch).run();
            assertThat(watch.evaluatedMeans.getLast()).isNotEqualTo(watch.trainedMeans.getLast());
            assertThat(WeightsHash.hash(run.parameters))
                    .as("weights and running statistics are back to the bit")
                    .isEqualTo(plainRun());
            // The mean over the training set of what the averaged first layer gives, whose batches are all of one size.
            try (var _ = run.average.use()) {
                float[] weight = run.parameters.get("0.weight").toArray();
                float[] bias = run.parameters.get("0.bias").toArray();
                SplitMix random = SplitMix.of(1);
                double sum = 0;
                for (int i = 0; i < 96; i++) {
                    sum += weight[0] * (float) random.between(-1, 3) + weight[1] * (float) random.between(-1, 1);
                }
                assertThat(watch.evaluatedMeans.getLast()[0]).isEqualTo((float) (sum / 96 + bias[0]), within(1e-4f));
            }
        }
    }

    /** The best checkpoint has averaged weights under the model's names, and the trained ones to go on from. */
    @Test
    void aBestCheckpointHoldsTheAverageAndResumesToTheBit() throws Exception {
        float averaged;
        Path best;
        try (Run run = new Run()) {
            Watch watch = new Watch(run);
            ModelCheckpoint checkpoint = new ModelCheckpoint(folder, Monitor.min("loss"), 0);
            best = checkpoint.best();
            run.trainer(2)
                    .average(run.average, 3)
                    .callback(checkpoint)
                    .callback(watch)
                    .run();
            try (Arena arena = Arena.ofConfined()) {
                CheckpointFile.Content content = CheckpointFile.read(best, arena);
                int epoch = Integer.parseInt(content.metadata().get("batches")) / 3 - 1;
                averaged = watch.evaluated.get(epoch);
                assertThat(content.tensor("0.weight").data().get(java.lang.foreign.ValueLayout.JAVA_FLOAT, 0))
                        .isEqualTo(averaged);
            }
        }
        try (Run run = new Run();
                Arena arena = Arena.ofConfined()) {
            run.trainer(4)
                    .average(run.average, 3)
                    .callback(new ModelCheckpoint(folder, Monitor.min("loss"), 0))
                    .resume(CheckpointFile.read(best, arena))
                    .run();
            assertThat(WeightsHash.hash(run.parameters)).isEqualTo(plainRun());
        }
    }

    @Test
    void earlyStoppingGivesTheBestAverageBack() throws Exception {
        try (Run run = new Run();
                EarlyStopping stopping = new EarlyStopping(Monitor.min("loss"), 9, run.memory, run.parameters)) {
            Watch watch = new Watch(run);
            run.trainer(3)
                    .average(run.average)
                    .callback(stopping)
                    .callback(watch)
                    .run();
            assertThat(run.weight()).isEqualTo(watch.evaluated.get(stopping.bestEpoch()));
        }
    }

    /** Before its first update there is no average, and the trained weights are what is evaluated. */
    @Test
    void anAverageThatBeginsLate() throws Exception {
        try (Run run = new Run()) {
            Watch watch = new Watch(run);
            run.trainer(2).average(run.average.when(5, 1)).callback(watch).run();
            assertThat(watch.evaluated.getFirst()).isEqualTo(watch.trained.getFirst());
            assertThat(run.average.updates()).isEqualTo(2);
            assertThatThrownBy(() -> run.trainer(2).average(run.average, -1)).hasMessageContaining("-1 batches");
        }
        try (ToyTask task = new ToyTask()) {
            assertThatThrownBy(() -> task.refreshStatistics(task.tape, 1)).hasMessageContaining("average(average, 0)");
        }
    }

    @Test
    void anotherAverageIsNoContinuation() throws Exception {
        Path file = folder.resolve("c");
        try (Run run = new Run()) {
            run.trainer(1).checkpoint(file, 0, Map.of()).run();
        }
        try (Run run = new Run();
                Arena arena = Arena.ofConfined()) {
            CheckpointFile.Content content = CheckpointFile.read(file, arena);
            assertThatThrownBy(() -> run.trainer(2).average(run.average).resume(content))
                    .hasMessageContaining("swa.");
        }
    }
}
