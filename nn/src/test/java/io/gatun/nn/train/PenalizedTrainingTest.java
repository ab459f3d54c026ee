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
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Penalty;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PenalizedTrainingTest {
    private static final int FEATURES = 6;

    @TempDir
    private Path folder;

    /** y = 2 x0 - x1: four of six features tell nothing. */
    private static Dataset points(int count, long seed) {
        SplitMix random = SplitMix.of(seed);
        float[][] points = new float[count][FEATURES];
        float[][] values = new float[count][1];
        for (int i = 0; i < count; i++) {
            for (int f = 0; f < FEATURES; f++) {
                points[i][f] = (float) random.between(-1, 1);
            }
            values[i][0] = 2 * points[i][0] - points[i][1] + (float) random.between(-1, 1);
        }
        return Datasets.of(points, values);
    }

    private static final class Run implements AutoCloseable {
        final NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), false);
        final Kernels kernels = Kernels.open("simd", 1, memory);
        final Linear model = new Linear(FEATURES, 1);
        final Parameters parameters = model.allocate(memory, 1);
        final List<Float> losses = new ArrayList<>();
        final SupervisedTask task;
        final Optimizer optimizer = new Sgd(kernels, memory, parameters, Schedule.constant(0.1f), Sgd.Options.PLAIN);
        final Tape tape = new Tape(kernels, memory, 0, 1);
        int recorded;

        Run(int batch) {
            task = new SupervisedTask(
                    model,
                    Loss.MSE,
                    DataLoader.training(points(64, 1), batch, 3),
                    DataLoader.evaluation(points(64, 2), 64),
                    memory);
        }

        Trainer trainer(int epochs) {
            return new Trainer(task, optimizer, tape, epochs).callback(new Callback() {
                @Override
                public boolean onStep(StepReport report) {
                    return losses.add(report.loss());
                }
            });
        }

        double penalty(Penalty penalty) {
            return penalty.value(parameters);
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

    /** The first step's loss is that of the data and of the first weights; the second's weights have learned of both. */
    @Test
    void theLossHasThePenaltyAndTheTestLossHasNot() throws Exception {
        Penalty penalty = Penalty.elasticNet(0.05f, 0.02f);
        try (Run plain = new Run(64);
                Run run = new Run(64)) {
            double value = run.penalty(penalty);
            float[] before = run.parameters.get("weight").toArray();
            plain.trainer(1).run();
            Trainer.Summary summary = run.trainer(1).penalty(penalty).run();
            assertThat(run.losses.getFirst()).isEqualTo((float) (plain.losses.getFirst() + value), within(1e-6f));
            float[] moved = run.parameters.get("weight").toArray();
            float[] alone = plain.parameters.get("weight").toArray();
            for (int i = 0; i < FEATURES; i++) {
                float gradient = 0.05f * Math.signum(before[i]) + 2 * 0.02f * before[i];
                assertThat(moved[i]).isEqualTo(alone[i] - 0.1f * gradient, within(1e-6f));
            }
            assertThat(run.parameters.get("bias").toArray())
                    .isEqualTo(plain.parameters.get("bias").toArray());
            assertThat(summary.test().metric("penalty")).isEqualTo(run.penalty(penalty));
            assertThat(summary.test().loss())
                    .isEqualTo(run.task.evaluate(run.tape).loss());
        }
    }

    /** An update of four micro-batches has the penalty of one batch, not of four. */
    @Test
    void anUpdateOfMicroBatchesIsPenalizedOnce() throws Exception {
        Penalty penalty = Penalty.elasticNet(0.05f, 0.02f);
        try (Run whole = new Run(64);
                Run parts = new Run(16)) {
            whole.trainer(3).penalty(penalty).run();
            parts.trainer(3).penalty(penalty).accumulate(4).run();
            assertThat(parts.losses).hasSize(3);
            for (int i = 0; i < 3; i++) {
                assertThat(parts.losses.get(i)).isEqualTo(whole.losses.get(i), within(1e-5f));
            }
            assertThat(parts.parameters.get("weight").toArray())
                    .containsExactly(whole.parameters.get("weight").toArray(), within(1e-5f));
        }
    }

    /** The lasso finds which features tell nothing. */
    @Test
    void l1SilencesUselessFeatures() throws Exception {
        try (Run plain = new Run(64);
                Run lasso = new Run(64)) {
            plain.trainer(150).run();
            lasso.trainer(150).penalty(Penalty.l1(0.1f)).run();
            float[] sparse = lasso.parameters.get("weight").toArray();
            float[] dense = plain.parameters.get("weight").toArray();
            double noise = 0;
            for (int i = 2; i < FEATURES; i++) {
                // A step of sign(w) λ lr around 0.
                assertThat(sparse[i]).isBetween(-0.02f, 0.02f);
                noise = Math.max(noise, Math.abs(dense[i]));
            }
            assertThat(noise).isGreaterThan(0.05);
            assertThat(sparse[0]).isGreaterThan(1.5f);
        }
    }

    /** What a capture repeats is the data's part; the penalty comes behind it. */
    @Test
    void stepsAreStillRepeated() throws Exception {
        try (Run run = new Run(64);
                var _ = run.model.onForward((module, src, dst) -> run.recorded++)) {
            run.trainer(12).penalty(Penalty.l2(0.01f)).run();
            int evaluations = 12;
            assertThat(run.losses).hasSize(12);
            assertThat(run.recorded - evaluations)
                    .as("once for each of the loader's buffers")
                    .isLessThan(6);
        }
    }

    @Test
    void anotherPenaltyIsNoContinuationAndAnInfiniteOneIsNoLoss() throws Exception {
        Path file = folder.resolve("c");
        try (Run run = new Run(32)) {
            run.trainer(2)
                    .penalty(Penalty.l2(0.1f))
                    .checkpoint(file, 0, Map.of())
                    .run();
        }
        try (Run run = new Run(32);
                Arena arena = Arena.ofConfined()) {
            CheckpointFile.Content content = CheckpointFile.read(file, arena);
            assertThatThrownBy(() -> run.trainer(2).resume(content))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("penalty 'Penalty[l1=0.0, l2=0.1, biases=false]', not 'none'");
            run.trainer(2).penalty(Penalty.l2(0.1f)).resume(content);
        }
        try (Run run = new Run(32)) {
            run.parameters.get("weight").copyFrom(1e18f, 0, 0, 0, 0, 0);
            float[] before = run.parameters.get("weight").toArray();
            assertThatThrownBy(() -> run.trainer(1).penalty(Penalty.l2(1e10f)).run())
                    .isInstanceOf(NonFiniteException.class);
            assertThat(run.parameters.get("weight").toArray()).isEqualTo(before);
            Trainer skipping = run.trainer(1).penalty(Penalty.l2(1e10f)).nonFinite(NonFinite.skip(9));
            skipping.run();
            assertThat(run.parameters.get("weight").toArray()).isEqualTo(before);
        }
    }
}
