package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.optim.Plateau;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccumulationTest {
    @TempDir
    private Path folder;

    /** By hand: two backwards add up, then a step on their mean. */
    private static float byHand(int epochs, int microBatches) {
        try (ToyTask task = new ToyTask()) {
            int pending = 0;
            for (int number = 0; number < epochs * ToyTask.BATCHES; number++) {
                task.seek(0, number);
                task.tape.reset(number);
                task.forward(task.tape).backward();
                pending++;
                if (pending == microBatches || (number + 1) % ToyTask.BATCHES == 0) {
                    task.optimizer.step(pending);
                    pending = 0;
                }
            }
            return task.weight();
        }
    }

    private static final class Steps implements Callback {
        final List<Long> done = new ArrayList<>();
        final List<Float> losses = new ArrayList<>();

        @Override
        public boolean onStep(StepReport report) {
            losses.add(report.loss());
            return done.add(report.done());
        }
    }

    @Test
    void anUpdateIsThatOfTheMean() throws IOException {
        for (int microBatches : new int[] {1, 2, 3, 9}) {
            try (ToyTask task = new ToyTask()) {
                Steps steps = new Steps();
                Trainer.Summary summary =
                        task.trainer(3).accumulate(microBatches).callback(steps).run();
                assertThat(task.weight()).as("%d", microBatches).isEqualTo(byHand(3, microBatches));
                // Of four batches an epoch, the last update takes those that are left.
                assertThat(summary.steps()).isEqualTo(3L * ((3 + microBatches) / microBatches));
                assertThat(steps.done).hasSize((int) summary.steps()).endsWith(12L);
            }
        }
    }

    @Test
    void whatFailsBetweenMicroBatchesBeginsItsUpdateAnew() throws IOException {
        try (ToyTask task = new ToyTask()) {
            List<Long> begun = new ArrayList<>();
            Trainer trainer = task.trainer(2).accumulate(3).callback(new Callback() {
                private boolean failed;

                @Override
                public void onGradients(Training training) {
                    if (!failed && training.batches() == 4) {
                        failed = true;
                        throw new IllegalStateException("failed");
                    }
                }

                @Override
                public void onTrainBegin(Training training) {
                    begun.add(training.batches());
                }
            });
            assertThatThrownBy(trainer::run).hasMessage("failed");
            trainer.run();
            assertThat(begun).containsExactly(0L, 4L);
            assertThat(task.learned).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 4L, 5L, 6L, 7L);
            assertThat(task.weight()).isEqualTo(byHand(2, 3));
        }
    }

    @Test
    void resumesToTheBitAndOnlyWithTheSameNumber() throws IOException {
        Path file = folder.resolve("c");
        try (ToyTask task = new ToyTask()) {
            task.trainer(3)
                    .accumulate(3)
                    .checkpoint(file, 1, Map.of())
                    .callback(new Callback() {
                        @Override
                        public boolean onStep(StepReport report) {
                            return report.done() < 7;
                        }
                    })
                    .run();
        }
        try (ToyTask task = new ToyTask();
                Arena arena = Arena.ofConfined()) {
            CheckpointFile.Content content = CheckpointFile.read(file, arena);
            assertThatThrownBy(() -> task.trainer(3).accumulate(2).resume(content))
                    .hasMessageContaining("accumulate '3', not '2'");
            task.trainer(3).accumulate(3).resume(content).run();
            assertThat(task.learned).containsExactly(7L, 8L, 9L, 10L, 11L);
            assertThat(task.weight()).isEqualTo(byHand(3, 3));
        }
    }

    @Test
    void aBadMicroBatchTakesItsUpdateWithIt() throws IOException {
        try (ToyTask task = new ToyTask()) {
            task.nan = List.of(1L);
            List<Long> skipped = new ArrayList<>();
            Trainer.Summary summary = task.trainer(1)
                    .accumulate(2)
                    .nonFinite(NonFinite.skip(1))
                    .callback(new Callback() {
                        @Override
                        public void onSkip(Training training) {
                            skipped.add(training.skipped());
                        }
                    })
                    .run();
            assertThat(summary.steps()).isEqualTo(1);
            assertThat(skipped).containsExactly(2L);
        }
    }

    @Test
    void aPlateauLowersTheRateAndSoDoesABatchThatBlowsUp() throws IOException {
        Path file = folder.resolve("c");
        Plateau.Options options = Plateau.Options.DEFAULT.withPatience(1).withFactor(0.5f);
        for (int epochs : new int[] {4, 5}) {
            try (ToyTask task = new ToyTask();
                    Plateau plateau = new Plateau(task.memory, task.optimizer, options);
                    Arena arena = Arena.ofConfined()) {
                // No improvement after the first: lowered after epoch 2, again after 4.
                task.testLoss = epoch -> 1;
                task.nan = List.of(2L);
                Trainer trainer = task.trainer(epochs)
                        .nonFinite(NonFinite.skip(1))
                        .checkpoint(file, 0, Map.of())
                        .callback(new ReduceOnPlateau(plateau, "loss").alsoAfterSkips());
                if (epochs == 5) {
                    assertThat(plateau.factor()).isEqualTo(1);
                    trainer.resume(CheckpointFile.read(file, arena));
                    assertThat(plateau.factor()).as("from the checkpoint").isEqualTo(0.25);
                }
                trainer.run();
                // One for the NaN, one or two for the plateaus.
                assertThat(plateau.factor()).isEqualTo(epochs == 4 ? 0.25 : 0.125);
                assertThat(task.optimizer.learningRate()).isEqualTo((float) (0.01f * plateau.factor()));
            }
        }
    }
}
