package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.io.CheckpointFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlyStoppingTest {
    /** Best at epoch 2 (0.4), then three epochs that are not better. */
    private static final double[] LOSSES = {0.9, 0.5, 0.4, 0.6, 0.4, 0.7, 0.1};

    @TempDir
    private Path folder;

    /** The weight after each epoch, before anybody restores it. */
    private static final class Weights implements Callback {
        final List<Float> after = new ArrayList<>();
        private final ToyTask task;

        Weights(ToyTask task) {
            this.task = task;
        }

        @Override
        public boolean onEpoch(EpochReport report) {
            return after.add(task.weight());
        }
    }

    @Test
    void b11RestoresTheBestWeightsByDefault() throws IOException {
        try (ToyTask task = new ToyTask();
                EarlyStopping stopping = new EarlyStopping(Monitor.min("loss"), 3, task.memory, task.parameters)) {
            task.testLoss = epoch -> LOSSES[epoch];
            Weights weights = new Weights(task);
            Trainer.Summary summary =
                    task.trainer(7).callback(stopping).callback(weights).run();
            assertThat(summary.epochs())
                    .as("stopped after 3 epochs without improvement")
                    .isEqualTo(6);
            assertThat(stopping.bestEpoch()).isEqualTo(2);
            assertThat(stopping.best()).isEqualTo(0.4);
            assertThat(task.weight()).isEqualTo(weights.after.get(2)).isNotEqualTo(weights.after.get(5));
        }
    }

    @Test
    void restoresTheBestAlsoWhenTheEpochsRunOut() throws IOException {
        try (ToyTask task = new ToyTask();
                EarlyStopping stopping = new EarlyStopping(Monitor.min("loss"), task.memory, task.parameters)) {
            task.testLoss = epoch -> LOSSES[epoch];
            Weights weights = new Weights(task);
            assertThat(task.trainer(4)
                            .callback(stopping)
                            .callback(weights)
                            .run()
                            .epochs())
                    .isEqualTo(4);
            assertThat(task.weight()).isEqualTo(weights.after.get(2));
        }
    }

    @Test
    void leavesTheLastWeightsWhereAskedTo() throws IOException {
        try (ToyTask task = new ToyTask();
                EarlyStopping stopping = EarlyStopping.withoutRestore(Monitor.min("loss"), 3)) {
            task.testLoss = epoch -> LOSSES[epoch];
            Weights weights = new Weights(task);
            task.trainer(7).callback(stopping).callback(weights).run();
            assertThat(task.weight()).isEqualTo(weights.after.get(5));
        }
    }

    @Test
    void monitorsAnyFigureInEitherDirection() throws IOException {
        Monitor loss = Monitor.min("loss").withMinDelta(0.05);
        assertThat(loss.better(0.94, 1)).isTrue();
        assertThat(loss.better(0.96, 1)).isFalse();
        assertThat(Monitor.max("accuracy").better(0.5, 0.4)).isTrue();
        assertThat(Monitor.max("accuracy").better(0.4, 0.4)).isFalse();
        assertThat(loss.better(Double.NaN, 1)).isFalse();
        assertThat(loss.better(1, Double.NaN)).isTrue();
        try (ToyTask task = new ToyTask();
                EarlyStopping rising = EarlyStopping.withoutRestore(Monitor.max("f1_macro"), 1);
                EarlyStopping falling = EarlyStopping.withoutRestore(Monitor.min("f1_macro"), 1);
                EarlyStopping train = EarlyStopping.withoutRestore(Monitor.min("train_loss"), 1);
                EarlyStopping wrong = EarlyStopping.withoutRestore(Monitor.min("los"), 1)) {
            assertThat(task.trainer(3).callback(rising).run().epochs()).isEqualTo(3);
            assertThat(task.trainer(6).callback(falling).run().epochs()).isEqualTo(5);
            assertThat(task.trainer(6).callback(train).run().epochs()).isEqualTo(6);
            assertThatThrownBy(() -> task.trainer(7).callback(wrong).run())
                    .hasMessage("this evaluation has no 'los'; it has [loss, accuracy, f1_macro]");
        }
    }

    @Test
    void countersAndBestWeightsSurviveAResume() throws IOException {
        float whole;
        try (ToyTask task = new ToyTask();
                EarlyStopping stopping = new EarlyStopping(Monitor.min("loss"), 3, task.memory, task.parameters)) {
            task.testLoss = epoch -> LOSSES[epoch];
            task.trainer(7).callback(stopping).run();
            whole = task.weight();
        }
        Path file = folder.resolve("c.safetensors");
        for (int killAt : new int[] {9, 14, 18, 21}) {
            try (ToyTask task = new ToyTask();
                    EarlyStopping stopping = new EarlyStopping(Monitor.min("loss"), 3, task.memory, task.parameters)) {
                task.testLoss = epoch -> LOSSES[epoch];
                Trainer trainer = task.trainer(7)
                        .checkpoint(file, 1, Map.of())
                        .callback(stopping)
                        .callback(new Callback() {
                            @Override
                            public void onStepBegin(Training training) {
                                if (training.batches() == killAt) {
                                    throw new IllegalStateException("killed");
                                }
                            }
                        });
                assertThatThrownBy(trainer::run).hasMessage("killed");
            }
            try (ToyTask task = new ToyTask();
                    EarlyStopping stopping = new EarlyStopping(Monitor.min("loss"), 3, task.memory, task.parameters);
                    Arena arena = Arena.ofConfined()) {
                task.testLoss = epoch -> LOSSES[epoch];
                Trainer.Summary summary = task.trainer(7)
                        .callback(stopping)
                        .checkpoint(file, 0, Map.of())
                        .resume(CheckpointFile.read(file, arena))
                        .run();
                assertThat(summary.epochs()).as("killed at %d", killAt).isEqualTo(6);
                assertThat(stopping.bestEpoch()).isEqualTo(2);
                assertThat(task.weight()).isEqualTo(whole);
            }
        }
        // The run is over: another resume trains no more, and gives the best weights again.
        try (ToyTask task = new ToyTask();
                EarlyStopping stopping = new EarlyStopping(Monitor.min("loss"), 3, task.memory, task.parameters);
                Arena arena = Arena.ofConfined()) {
            Trainer.Summary summary = task.trainer(7)
                    .callback(stopping)
                    .resume(CheckpointFile.read(file, arena))
                    .run();
            assertThat(summary.epochs()).isEqualTo(6);
            assertThat(task.learned).isEmpty();
            assertThat(task.weight()).isEqualTo(whole);
        }
    }

    @Test
    void checkpointsKeepTheBestAndTheLatestFew() throws IOException {
        try (ToyTask task = new ToyTask()) {
            task.testLoss = epoch -> LOSSES[epoch];
            ModelCheckpoint checkpoints = new ModelCheckpoint(folder.resolve("kept"), Monitor.min("loss"), 2);
            task.trainer(6).callback(checkpoints).run();
            assertThat(folder.resolve("kept").toFile().list())
                    .containsExactlyInAnyOrder(
                            "best.safetensors",
                            "best.safetensors.previous",
                            "epoch-0005.safetensors",
                            "epoch-0006.safetensors");
            try (Arena arena = Arena.ofConfined()) {
                assertThat(CheckpointFile.read(checkpoints.best(), arena).metadata())
                        .containsEntry("batches", "12");
                assertThat(CheckpointFile.read(checkpoints.of(5), arena).metadata())
                        .containsEntry("batches", "24");
            }
        }
        // One of them is gone on from, and knows what the best was.
        try (ToyTask task = new ToyTask();
                Arena arena = Arena.ofConfined()) {
            task.testLoss = epoch -> 0.45;
            ModelCheckpoint checkpoints = new ModelCheckpoint(folder.resolve("kept"), Monitor.min("loss"), 2);
            task.trainer(7)
                    .callback(checkpoints)
                    .resume(CheckpointFile.read(checkpoints.of(5), arena))
                    .run();
            assertThat(CheckpointFile.read(checkpoints.best(), arena).metadata())
                    .containsEntry("batches", "12");
            assertThat(checkpoints.of(4)).doesNotExist();
            assertThat(checkpoints.of(6)).exists();
        }
    }
}
