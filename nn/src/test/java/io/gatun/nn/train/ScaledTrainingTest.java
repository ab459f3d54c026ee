package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.memory.Places;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.optim.LossScaler;
import io.gatun.nn.optim.Penalty;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A trainer with scaled losses: a power of two changes no bit, and what overflows is left out until nothing does. */
class ScaledTrainingTest {
    private static final int EPOCHS = 3;

    @TempDir
    private Path folder;

    private static float[] plain(int accumulate, Penalty penalty) throws Exception {
        try (ToyTask task = new ToyTask()) {
            Trainer trainer = task.trainer(EPOCHS).accumulate(accumulate);
            if (penalty != null) {
                trainer.penalty(penalty);
            }
            trainer.run();
            return Places.floats(task.parameters.values());
        }
    }

    @Test
    void aPowerOfTwoChangesNoBit() throws Exception {
        for (int accumulate : new int[] {1, 3}) {
            try (ToyTask task = new ToyTask();
                    LossScaler scaler = LossScaler.of(task.optimizer, task.memory, 0x1p20f, 5)) {
                double[] losses = new double[1];
                Trainer trainer = task.trainer(EPOCHS)
                        .accumulate(accumulate)
                        .scaler(scaler)
                        .penalty(Penalty.l2(0.01f))
                        .callback(new Callback() {
                            @Override
                            public boolean onEpoch(EpochReport report) {
                                losses[0] = report.trainLoss();
                                return true;
                            }
                        });
                trainer.run();
                assertThat(Places.floats(task.parameters.values())).isEqualTo(plain(accumulate, Penalty.l2(0.01f)));
                assertThat(losses[0]).isBetween(0.1, 2.0);
                assertThat(scaler.factor()).isGreaterThan(0x1p20f);
            }
        }
    }

    @Test
    void aFactorThatIsTooLargeHalvesUntilGradientsAreNumbers() throws Exception {
        try (ToyTask task = new ToyTask();
                LossScaler scaler = LossScaler.of(task.optimizer, task.memory, 0x1p127f, 1_000)) {
            task.huge = List.of(5L);
            Trainer trainer = task.trainer(EPOCHS).scaler(scaler);
            Trainer.Summary summary = trainer.run();
            assertThat(scaler.factor()).isLessThan(0x1p127f);
            assertThat(summary.steps()).isLessThan(EPOCHS * ToyTask.BATCHES).isPositive();
            assertThat(Places.floats(task.parameters.values())).doesNotContain(Float.NaN);
        }
    }

    /** What is no number at a factor of 1 is none at any. */
    @Test
    void aWrongNumberIsSaidInTheEnd() {
        try (ToyTask task = new ToyTask();
                LossScaler scaler = LossScaler.of(task.optimizer, task.memory, 4, 1_000)) {
            task.nan = List.of(2L, 3L, 4L, 5L);
            assertThatThrownBy(() -> task.trainer(EPOCHS).scaler(scaler).run())
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessageContaining("at step 4");
            assertThat(scaler.factor()).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void resumesWithTheFactor() throws Exception {
        Path file = folder.resolve("c.safetensors");
        float[] whole;
        try (ToyTask task = new ToyTask();
                LossScaler scaler = LossScaler.of(task.optimizer, task.memory, 2, 3)) {
            task.trainer(EPOCHS).scaler(scaler).run();
            whole = new float[] {scaler.factor(), task.weight()};
        }
        try (ToyTask task = new ToyTask();
                LossScaler scaler = LossScaler.of(task.optimizer, task.memory, 2, 3)) {
            task.trainer(1).scaler(scaler).checkpoint(file, 0, Map.of()).run();
        }
        try (ToyTask task = new ToyTask();
                LossScaler scaler = LossScaler.of(task.optimizer, task.memory, 2, 3);
                Arena arena = Arena.ofConfined()) {
            task.trainer(EPOCHS)
                    .scaler(scaler)
                    .resume(CheckpointFile.read(file, arena))
                    .run();
            assertThat(new float[] {scaler.factor(), task.weight()}).isEqualTo(whole);
        }
    }
}
