package io.gatun.perf.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.kernel.Kernels;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Linear;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import io.gatun.nn.data.BatchStream;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a trainer asks of the device in each step, counted on the emulator. */
@RequiresEmulation
class CudaTrainerTest {
    private static final int BATCHES = 8;
    private static final int BATCH = 4;

    /** Calls that end when the device has nothing left to do; the loader's threads wait for events. */
    private static final List<String> WAITS = List.of("cudaStreamSynchronize", "cudaDeviceSynchronize");

    private static Dataset points() {
        SplittableRandom random = new SplittableRandom(1);
        float[][] points = new float[BATCHES * BATCH][6];
        int[] labels = new int[points.length];
        for (int i = 0; i < points.length; i++) {
            labels[i] = random.nextInt(2);
            for (int k = 0; k < 6; k++) {
                points[i][k] = (float) random.nextGaussian() + labels[i];
            }
        }
        return Datasets.of(points, labels);
    }

    private static final class Run implements AutoCloseable {
        final Kernels kernels;
        final NativeMemory memory;
        final Module model = new Sequential(new Linear(6, 8), Nonlinearity.gelu(), new Linear(8, 2));
        final Parameters parameters;
        final SupervisedTask task;
        final Optimizer optimizer;
        final Tape tape;

        Run(String backend, int prefetch) {
            kernels = Kernels.open(backend, 1, new NativeMemory(new MemoryBudget(1L << 26), false));
            memory = kernels.memory();
            parameters = model.allocate(memory, 1);
            task = new SupervisedTask(
                    model,
                    Loss.CROSS_ENTROPY,
                    DataLoader.training(points(), BATCH, 3).prefetch(prefetch),
                    DataLoader.evaluation(points(), BATCH),
                    memory);
            optimizer = new Sgd(kernels, memory, parameters, Schedule.cosine(0.1f, 2, 30), Sgd.Options.momentum(0.9f));
            tape = new Tape(kernels, memory, 0, 1);
        }

        Run() {
            this("cuda", 2);
        }

        Trainer trainer(int epochs) {
            return new Trainer(task, optimizer, tape, epochs);
        }

        @Override
        public void close() {
            tape.close();
            optimizer.close();
            task.close();
            parameters.close();
            kernels.close();
        }
    }

    private record Count(long graphs, long kernels, long waits) {
        static Count now() {
            return new Count(
                    EmulatedDevice.calls("cudaGraphLaunch"),
                    EmulatedDevice.calls("cudaLaunchKernel"),
                    WAITS.stream().mapToLong(EmulatedDevice::calls).sum());
        }

        Count since(Count before) {
            return new Count(graphs - before.graphs, kernels - before.kernels, waits - before.waits);
        }
    }

    /** Of the steps of the second epoch, when all are repeated. */
    private static List<Count> counted(Trainer trainer) throws IOException {
        return counted(trainer, 1);
    }

    private static List<Count> counted(Trainer trainer, int epoch) throws IOException {
        List<Count> steps = new ArrayList<>();
        trainer.callback(new Callback() {
                    private Count before = Count.now();

                    @Override
                    public boolean onStep(StepReport report) {
                        Count now = Count.now();
                        if (report.epoch() == epoch && report.batch() > 0) {
                            steps.add(now.since(before));
                        }
                        before = now;
                        return true;
                    }
                })
                .run();
        return steps;
    }

    @Test
    void aStepIsOneLaunchAndNobodyWaitsUntilLossesAreRead() throws IOException {
        try (Run run = new Run()) {
            assertThat(counted(run.trainer(2))).hasSize(BATCHES - 1).containsOnly(new Count(1, 0, 0));
        }
        try (Run run = new Run()) {
            List<Count> steps = counted(run.trainer(2).lossesEvery(3));
            // A reading comes after the report of its step: batches 3 and 6, from 0, are the next.
            Count launch = new Count(1, 0, 0);
            Count andReading = new Count(1, 0, 1);
            assertThat(steps).containsExactly(launch, launch, andReading, launch, launch, andReading, launch);
        }
    }

    /** A batch's own copy and its events are the loader's, whose thread may be a batch further at either end. */
    @Test
    void aStepIsOneCopyAndOneLaunchAndABatchIsAnotherCopyWithItsEvents() throws IOException {
        List<CudaCalls> seen = new ArrayList<>();
        try (Run run = new Run()) {
            run.trainer(2)
                    .callback(new Callback() {
                        @Override
                        public boolean onStep(StepReport report) {
                            return report.epoch() == 0 || seen.add(CudaCalls.now());
                        }
                    })
                    .run();
        }
        long steps = seen.size() - 1;
        Map<String, Long> calls = seen.getLast().since(seen.getFirst());
        assertThat(calls.remove("cudaGraphLaunch")).isEqualTo(steps).isEqualTo(BATCHES - 1);
        assertThat(calls)
                .containsOnlyKeys("cudaMemcpyAsync", "cudaStreamWaitEvent", "cudaEventRecord", "cudaEventSynchronize")
                .allSatisfy((name, count) -> assertThat(count)
                        .as(name)
                        .isCloseTo(name.equals("cudaEventSynchronize") ? steps : 2 * steps, within(2L)));
    }

    @Test
    void aStepIsOneLaunchHoweverFarTheLoaderReadsAhead() throws IOException {
        try (Run run = new Run("cuda", BATCHES + 1)) {
            assertThat(counted(run.trainer(4), 3)).hasSize(BATCHES - 1).containsOnly(new Count(1, 0, 0));
        }
    }

    @Test
    void aStreamGivesBackWhatItCanWhereOnePartFails() {
        try (Run run = new Run()) {
            long used = NativeMemory.standard().budget().used();
            BatchStream stream = DataLoader.training(points(), BATCH, 3).open(run.memory);
            EmulatedDevice.fail("cudaFreeHost", 2, 1);
            assertThatThrownBy(stream::close).hasMessageContaining("cudaFreeHost returned");
            assertThat(NativeMemory.standard().budget().used()).isEqualTo(used);
            EmulatedDevice.reset();
        }
    }

    @Test
    void aLossThatIsKnownIsNotWaitedForAgain() throws IOException {
        List<Callback.StepReport> first = new ArrayList<>();
        List<Float> losses = new ArrayList<>();
        try (Run run = new Run()) {
            List<Count> steps = counted(run.trainer(2).callback(new Callback() {
                @Override
                public boolean onStep(StepReport report) {
                    first.add(report);
                    return losses.add(first.getFirst().loss());
                }
            }));
            assertThat(steps).hasSize(BATCHES - 1).containsOnly(new Count(1, 0, 0));
        }
        assertThat(losses).containsOnly(losses.getFirst());
    }

    @Test
    void aLossThatIsReadBeforeItsUpdateCostsMore() throws IOException {
        try (Run run = new Run()) {
            assertThat(counted(run.trainer(2).lossesEvery(1)))
                    .allMatch(step -> step.graphs() == 2 && step.kernels() > 0 && step.waits() > 0);
        }
    }

    private static List<Float> losses(String backend) throws IOException {
        List<Float> losses = new ArrayList<>();
        try (Run run = new Run(backend, 2)) {
            run.trainer(3)
                    .callback(new Callback() {
                        @Override
                        public boolean onStep(StepReport report) {
                            return report.batch() % 5 > 0 || losses.add(report.loss());
                        }

                        @Override
                        public boolean onEpoch(EpochReport report) {
                            return losses.add((float) report.trainLoss())
                                    && losses.add((float) report.test().loss());
                        }
                    })
                    .run();
        }
        return losses;
    }

    /** Copies and kernels run when somebody waits for them, or by chance before. */
    @Test
    void batchesArriveBeforeTheirStepsAndNoneTooEarly() throws IOException {
        List<Float> host = losses("simd");
        EmulatedDevice.reset();
        EmulatedDevice.set("ASYNC", "1");
        try {
            List<Float> late = losses("cuda");
            assertThat(late).hasSameSizeAs(host);
            for (int i = 0; i < host.size(); i++) {
                assertThat(late.get(i)).as("loss " + i + ", emulated").isCloseTo(host.get(i), within(1e-4f));
            }
        } finally {
            EmulatedDevice.reset();
        }
    }

    /** A graph has the addresses of what it was made on. */
    @Test
    void memoryThatWasFreedIsNeverLaunchedOn() throws IOException {
        try (Run run = new Run()) {
            run.trainer(1).run();
            run.optimizer.close();
            assertThatThrownBy(() -> run.trainer(2).run())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the optimizer was closed; make a new one to train on");
        }
        for (Consumer<Run> closing : List.<Consumer<Run>>of(
                run -> run.parameters.close(), run -> run.task.close(), run -> run.tape.close())) {
            try (Run run = new Run()) {
                run.trainer(1).run();
                closing.accept(run);
                assertThatThrownBy(() -> run.trainer(2).run())
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("closed");
            }
        }
        assertThat(EmulatedDevice.liveBytes()).isZero();
        assertThat(EmulatedDevice.check()).isZero();
    }
}
