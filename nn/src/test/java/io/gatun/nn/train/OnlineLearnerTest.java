package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Linear;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.optim.Adam;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Penalty;
import io.gatun.nn.optim.Schedule;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnlineLearnerTest {
    private static final int ROWS = 16;
    private static final int BATCHES = 300;

    @TempDir
    private Path folder;

    private static final class Run implements AutoCloseable {
        final NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), false);
        final Kernels kernels = Kernels.open("simd", 1, memory);
        final Module model = new Sequential(new Linear(2, 8), Nonlinearity.tanh(), new Linear(8, 2));
        final Parameters parameters = model.allocate(memory, 1);
        final Optimizer optimizer =
                new Adam(kernels, memory, parameters, Schedule.constant(0.03f), Adam.Options.DEFAULT);
        final Tape tape = new Tape(kernels, memory, 0, 1);
        final OnlineLearner learner = new OnlineLearner(model, Loss.CROSS_ENTROPY, optimizer, tape);

        void learn(int from, int to) {
            for (int batch = from; batch < to; batch++) {
                learner.partialFit(rows(batch), labels(batch));
            }
        }

        /** Share of a batch's rows that are told right. */
        double right(int batch) {
            try (var _ = tape.noGrad()) {
                tape.reset();
                float[][] rows = rows(batch);
                float[] flat = new float[2 * ROWS];
                for (int i = 0; i < ROWS; i++) {
                    System.arraycopy(rows[i], 0, flat, 2 * i, 2);
                }
                float[] logits =
                        model.call(tape.tensor(Shape.of(ROWS, 2), flat)).toArray();
                int[] labels = labels(batch);
                int right = 0;
                for (int i = 0; i < ROWS; i++) {
                    right += (logits[2 * i + 1] > logits[2 * i] ? 1 : 0) == labels[i] ? 1 : 0;
                }
                return (double) right / ROWS;
            }
        }

        @Override
        public void close() {
            tape.close();
            optimizer.close();
            parameters.close();
            kernels.close();
            assertThat(memory.leaks()).isEmpty();
        }
    }

    private static float[][] rows(int batch) {
        SplitMix random = SplitMix.of(5, batch);
        float[][] rows = new float[ROWS][];
        for (int i = 0; i < ROWS; i++) {
            rows[i] = new float[] {(float) random.between(-1, 1), (float) random.between(-1, 1)};
        }
        return rows;
    }

    /** Which side of a line a point is on, which turns by half a circle over the stream. */
    private static int[] labels(int batch) {
        double angle = Math.PI * batch / BATCHES;
        float[][] rows = rows(batch);
        int[] labels = new int[ROWS];
        for (int i = 0; i < ROWS; i++) {
            labels[i] = Math.cos(angle) * rows[i][0] + Math.sin(angle) * rows[i][1] > 0 ? 1 : 0;
        }
        return labels;
    }

    /** Each batch is predicted before it is learned from. One learns all along, the other only from the first third. */
    @Test
    void theOnlineLearnerFollowsADriftAndTheFrozenOneDoesNot() {
        try (Run online = new Run();
                Run frozen = new Run()) {
            online.learn(0, BATCHES / 3);
            frozen.learn(0, BATCHES / 3);
            assertThat(frozen.right(BATCHES / 3)).isGreaterThan(0.85);
            double followed = 0;
            double stayed = 0;
            for (int batch = BATCHES / 3; batch < BATCHES; batch++) {
                if (batch >= BATCHES * 4 / 5) {
                    followed += online.right(batch) / (BATCHES / 5);
                    stayed += frozen.right(batch) / (BATCHES / 5);
                }
                online.learn(batch, batch + 1);
            }
            assertThat(followed).isGreaterThan(0.9);
            assertThat(stayed).isLessThan(0.55);
            assertThat(online.learner.batches()).isEqualTo(BATCHES);
            assertThat(online.optimizer.steps()).isEqualTo(BATCHES);
        }
    }

    /** Moments, step count and weights go on as if the program had never been restarted. */
    @Test
    void savedAndResumedIsTheWholeStream() throws Exception {
        String whole;
        Path file = folder.resolve("stream.safetensors");
        try (Run run = new Run()) {
            run.learn(0, 20);
            run.learner.save(file, Map.of("model", "turning line"));
            run.learn(20, 40);
            whole = WeightsHash.hash(run.parameters);
        }
        try (Run run = new Run();
                Arena arena = Arena.ofConfined()) {
            run.learner.resume(CheckpointFile.read(file, arena));
            assertThat(run.learner.batches()).isEqualTo(20);
            run.learn(20, 40);
            assertThat(WeightsHash.hash(run.parameters)).isEqualTo(whole);
        }
    }

    @Test
    void aBatchThatCannotBeLearnedFromChangesNothing() throws Exception {
        try (Run run = new Run()) {
            run.learn(0, 3);
            String before = WeightsHash.hash(run.parameters);
            float[][] broken = {{Float.NaN, 0}};
            assertThatThrownBy(() -> run.learner.partialFit(broken, 1)).isInstanceOf(NonFiniteException.class);
            assertThatThrownBy(() -> run.learner.partialFit(new float[][] {{1, 2}, {3}}, 0, 1))
                    .hasMessageContaining("row 1 has 1 numbers, row 0 has 2");
            assertThatThrownBy(() -> run.learner.partialFit(new float[][] {{1, 2}}, 0, 1))
                    .hasMessageContaining("1 rows and 2 targets");
            assertThatThrownBy(() -> run.learner.partialFit(new float[][] {{1, 2}}, 7))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(WeightsHash.hash(run.parameters)).isEqualTo(before);
            assertThat(run.learner.batches()).isEqualTo(3);
            run.learner.nonFinite(NonFinite.skip(1));
            assertThat(run.learner.partialFit(broken, 1)).isNaN();
            assertThat(run.learner.skipped()).isEqualTo(1);
            assertThat(WeightsHash.hash(run.parameters)).isEqualTo(before);
        }
    }

    /** Numbers as targets, a loss of one's own, and a penalty. */
    @Test
    void otherWaysToLearn() {
        try (Run run = new Run()) {
            OnlineLearner numbers = new OnlineLearner(run.model, Loss.MSE, run.optimizer, run.tape);
            float first = numbers.partialFit(new float[][] {{1, 0}, {0, 1}}, new float[][] {{1, 2}, {3, 4}});
            float second = numbers.partialFit(new float[][] {{1, 0}, {0, 1}}, new float[][] {{1, 2}, {3, 4}});
            assertThat(second).isLessThan(first);
            float own = numbers.partialFit(tape -> {
                var x = tape.tensor(Shape.of(1, 2), 1, 0);
                return Losses.l1(run.model.call(x), tape.zeros(Shape.of(1, 2)));
            });
            assertThat(own).isPositive();
            Penalty penalty = Penalty.l2(10);
            double value = penalty.value(run.parameters);
            float penalized =
                    numbers.penalty(penalty).partialFit(new float[][] {{1, 0}, {0, 1}}, new float[][] {{1, 2}, {3, 4}});
            assertThat(penalized).isGreaterThan((float) value);
        }
    }
}
