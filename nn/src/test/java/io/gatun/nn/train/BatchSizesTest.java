package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import org.junit.jupiter.api.Test;

/** The sweep over batch sizes of the checklist: what the linear scaling rule promises, and what happens without it. */
class BatchSizesTest {
    private static final int BASE = 16;
    private static final float RATE = 0.01f;

    private static Dataset points(int count, long seed) {
        SplitMix random = SplitMix.of(seed);
        float[][] points = new float[count][2];
        float[][] values = new float[count][1];
        for (int i = 0; i < count; i++) {
            points[i][0] = (float) random.between(-1, 1);
            points[i][1] = (float) random.between(-1, 1);
            values[i][0] = 3 * points[i][0] - 2 * points[i][1] + 1;
        }
        return Datasets.of(points, values);
    }

    /** Test loss after four epochs; as many steps as the batch leaves. */
    private static double loss(int batch, float rate) throws Exception {
        NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), false);
        Linear model = new Linear(2, 1);
        try (Kernels kernels = Kernels.open("simd", 1, memory);
                Parameters parameters = model.allocate(memory, 1);
                SupervisedTask task = new SupervisedTask(
                        model,
                        Loss.MSE,
                        DataLoader.training(points(1024, 1), batch, 3),
                        DataLoader.evaluation(points(128, 2), 128),
                        memory);
                Optimizer optimizer = new Sgd(kernels, memory, parameters, Schedule.constant(rate), Sgd.Options.PLAIN);
                Tape tape = new Tape(kernels, memory, 0, 1)) {
            Trainer.Summary summary = new Trainer(task, optimizer, tape, 4).run();
            assertThat(summary.steps()).isEqualTo(4 * 1024 / batch);
            return summary.test().loss();
        }
    }

    @Test
    void theScaledRateGoesTheSameWayWithAnyBatch() throws Exception {
        double base = loss(BASE, RATE);
        assertThat(base).isBetween(0.05, 1.0);
        for (int batch : new int[] {32, 64, 128, 256}) {
            assertThat(loss(batch, Schedule.scaled(RATE, BASE, batch)))
                    .as("batch %d", batch)
                    .isBetween(0.75 * base, 1.1 * base);
        }
        assertThat(loss(256, RATE))
                .as("a sixteenth of the steps with the same rate")
                .isGreaterThan(3 * base);
    }
}
