package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.CharText;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
    private static final CharText TEXT = CharText.ofNames(
            "test", IntStream.range(0, 120).mapToObj(i -> "Abc" + i * 7 % 50).toList(), 1);

    @TempDir
    private Path folder;

    /** A small character model with everything that training it needs. */
    private static final class Run implements AutoCloseable {
        final NativeMemory memory = NativeMemory.standard();
        final Kernels kernels = Kernels.open("simd", 2, memory);
        final CharLstm model = new CharLstm(TEXT.vocabulary().size(), 8, 16, 1, 0.1f);
        final Parameters parameters = model.allocate(memory, 1);
        final TextTask<LstmState> task = new TextTask<>(model, TEXT, 8, 4, memory);
        final Optimizer optimizer;
        final Tape tape = new Tape(kernels, memory, 0, 1);

        Run(float rate) {
            optimizer = new AdamW(kernels, memory, parameters, Schedule.constant(rate), AdamW.Options.DEFAULT);
        }

        Trainer trainer(int epochs) {
            return new Trainer(task, optimizer, tape, epochs);
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
        }
    }

    @Test
    void learnsAndReports() throws Exception {
        List<Callback.EpochReport> epochs = new ArrayList<>();
        List<Callback.StepReport> steps = new ArrayList<>();
        try (Run run = new Run(1e-2f)) {
            Trainer.Summary summary = run.trainer(5)
                    .callback(new Callback() {
                        @Override
                        public boolean onStep(StepReport report) {
                            return steps.add(report);
                        }

                        @Override
                        public boolean onEpoch(EpochReport report) {
                            return epochs.add(report);
                        }
                    })
                    .run();
            assertThat(summary.epochs()).isEqualTo(5);
            assertThat(summary.steps()).isEqualTo(5L * run.task.stepsPerEpoch());
            assertThat(summary.test().loss()).isLessThan(TEXT.unigramEntropy());
            assertThat(steps).hasSize((int) summary.steps());
        }
        assertThat(epochs).hasSize(5);
        assertThat(epochs.getLast().trainLoss()).isLessThan(epochs.getFirst().trainLoss());
    }

    @Test
    void resumesToTheBitFromTheMiddleOfAnEpoch() throws Exception {
        String whole;
        try (Run run = new Run(3e-3f)) {
            run.trainer(3).run();
            whole = run.hash();
        }
        Path file = folder.resolve("c.safetensors");
        try (Run run = new Run(3e-3f)) {
            int stopAfter = run.task.stepsPerEpoch() + 3;
            Trainer.Summary summary = run.trainer(3)
                    .checkpoint(file, 1, Map.of("model", "test"))
                    .callback(new Callback() {
                        private int done;

                        @Override
                        public boolean onStep(StepReport report) {
                            return ++done < stopAfter;
                        }
                    })
                    .run();
            assertThat(summary.steps()).isEqualTo(stopAfter);
            assertThat(run.hash()).isNotEqualTo(whole);
        }
        try (Run run = new Run(3e-3f);
                Arena arena = Arena.ofConfined()) {
            run.trainer(3).resume(CheckpointFile.read(file, arena)).run();
            assertThat(run.hash()).isEqualTo(whole);
        }
    }

    @Test
    void refusesACheckpointOfAnotherSchedule() throws Exception {
        Path file = folder.resolve("c.safetensors");
        try (Run run = new Run(3e-3f)) {
            run.trainer(1).checkpoint(file, 0, Map.of()).run();
        }
        try (Run run = new Run(4e-3f);
                Arena arena = Arena.ofConfined()) {
            CheckpointFile.Content content = CheckpointFile.read(file, arena);
            assertThatThrownBy(() -> run.trainer(1).resume(content))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("constant rate=0.003")
                    .hasMessageContaining("constant rate=0.004");
        }
    }

    @Test
    void stopsBeforeALossThatIsNoNumberReachesTheParameters() throws Exception {
        try (Run run = new Run(3e-3f)) {
            var bias = run.parameters.get("linear.bias").data();
            bias.setAtIndex(ValueLayout.JAVA_FLOAT, 1, Float.NaN);
            run.parameters.changed();
            String before = run.hash();
            assertThatThrownBy(() -> run.trainer(1).run())
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessageContaining("step 0 (epoch 1, batch 1");
            assertThat(run.hash()).isEqualTo(before);
        }
    }

    @Test
    void samplesAreRepeatableAndChangeNoWeight() throws Exception {
        try (Run run = new Run(3e-3f)) {
            String before = run.hash();
            CharSampler<LstmState> sampler = new CharSampler<>(run.model, TEXT.vocabulary(), 0.8f);
            List<String> lines = sampler.lines(run.tape, run.memory, 4, 12, 9);
            assertThat(lines).hasSize(4).allMatch(line -> line.length() <= 12);
            assertThat(sampler.lines(run.tape, run.memory, 4, 12, 9)).isEqualTo(lines);
            assertThat(sampler.lines(run.tape, run.memory, 4, 12, 10)).isNotEqualTo(lines);
            assertThat(run.hash()).isEqualTo(before);
        }
    }

    /** Captured steps, whose first micro-batch is repeated and whose others are added to it. */
    @Test
    void accumulatesAsABackwardAfterTheOther() throws Exception {
        String byHand;
        try (Run run = new Run(3e-3f)) {
            run.task.seek(0, 0);
            int batches = run.task.stepsPerEpoch();
            int pending = 0;
            for (int number = 0; number < 2 * batches; number++) {
                run.tape.reset(number);
                run.task.prepare();
                run.task.forward(run.tape).backward();
                pending++;
                if (pending == 2 || (number + 1) % batches == 0) {
                    run.optimizer.step(pending);
                    pending = 0;
                }
                run.task.stepped();
            }
            byHand = run.hash();
        }
        try (Run run = new Run(3e-3f)) {
            run.trainer(2).accumulate(2).run();
            assertThat(run.hash()).isEqualTo(byHand);
        }
    }
}
