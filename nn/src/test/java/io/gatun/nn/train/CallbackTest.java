package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.io.NamedTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The order of events, what an exception does, and what is left out when numbers are not finite. */
class CallbackTest {
    @TempDir
    private Path folder;

    /** Writes down what it sees; throws or stops where it is told to. */
    private static class Witness implements Callback {
        final String name;
        final List<String> seen;
        String throwAt = "";
        String stopAt = "";

        Witness(String name, List<String> seen) {
            this.name = name;
            this.seen = seen;
        }

        private boolean saw(String event) {
            seen.add(name + event);
            if (event.equals(throwAt)) {
                throw new IllegalStateException(name + " failed");
            }
            return !event.equals(stopAt);
        }

        @Override
        public void onTrainBegin(Training training) {
            saw("begin");
        }

        @Override
        public void onEpochBegin(Training training, int epoch) {
            saw("epoch" + epoch);
        }

        @Override
        public void onStepBegin(Training training) {
            saw("batch" + training.batches());
        }

        @Override
        public void onGradients(Training training) {
            saw("gradients" + training.batches());
        }

        @Override
        public boolean onStep(StepReport report) {
            return saw("step" + report.done());
        }

        @Override
        public void onEvaluationBegin(Training training) {
            saw("evaluation");
        }

        @Override
        public boolean onEvaluation(Training training, EpochReport report) {
            return saw("evaluated" + report.epoch());
        }

        @Override
        public boolean onEpoch(EpochReport report) {
            return saw("end" + report.epoch());
        }

        @Override
        public void onTrainEnd(Training training, Trainer.Summary summary) {
            saw(summary == null ? "broken" : "done");
        }
    }

    @Test
    void eventsComeInOrderToAllInTheOrderTheyWereAdded() throws IOException {
        List<String> seen = new ArrayList<>();
        try (ToyTask task = new ToyTask()) {
            task.trainer(1)
                    .callback(new Witness("a ", seen))
                    .callback(new Witness("b ", seen))
                    .run();
        }
        List<String> expected = new ArrayList<>();
        for (String event : List.of(
                "begin",
                "epoch0",
                "batch0",
                "gradients0",
                "step1",
                "batch1",
                "gradients1",
                "step2",
                "batch2",
                "gradients2",
                "step3",
                "batch3",
                "gradients3",
                "step4",
                "evaluation",
                "evaluated0",
                "end0",
                "done")) {
            expected.add("a " + event);
            expected.add("b " + event);
        }
        assertThat(seen).isEqualTo(expected);
    }

    @Test
    void allSeeTheEventAtWhichOneStops() throws IOException {
        for (String stopAt : List.of("step2", "evaluated0", "end0")) {
            List<String> seen = new ArrayList<>();
            try (ToyTask task = new ToyTask()) {
                Witness first = new Witness("a ", seen);
                first.stopAt = stopAt;
                Trainer.Summary summary = task.trainer(3)
                        .callback(first)
                        .callback(new Witness("b ", seen))
                        .run();
                assertThat(summary.epochs()).isEqualTo(stopAt.equals("step2") ? 0 : 1);
            }
            assertThat(seen).contains("b " + stopAt, "b done").doesNotContain("a epoch1", "a batch2 ");
        }
    }

    @Test
    void anExceptionEndsTheRunAndEndsAllThatHaveBegun() throws IOException {
        List<String> seen = new ArrayList<>();
        try (ToyTask task = new ToyTask();
                ToyTask whole = new ToyTask()) {
            Witness first = new Witness("a ", seen);
            first.throwAt = "broken";
            Witness second = new Witness("b ", seen);
            second.throwAt = "step3";
            Trainer trainer = task.trainer(1).callback(first).callback(second).callback(new Witness("c ", seen));
            assertThatThrownBy(trainer::run).hasMessage("b  failed").satisfies(e -> assertThat(e.getSuppressed())
                    .hasSize(1));
            assertThat(seen).endsWith("a step3", "b step3", "a broken", "b broken", "c broken");
            // The third step was done; the run goes on behind it.
            second.throwAt = "";
            first.throwAt = "";
            trainer.run();
            whole.trainer(1).run();
            assertThat(task.learned).containsExactly(0L, 1L, 2L, 3L);
            assertThat(task.weight()).isEqualTo(whole.weight());
        }
    }

    @Test
    void anExceptionBeforeTheUpdateLeavesTheStepToBeTriedAgain() throws IOException {
        List<String> seen = new ArrayList<>();
        try (ToyTask task = new ToyTask();
                ToyTask whole = new ToyTask()) {
            Witness witness = new Witness("a ", seen);
            witness.throwAt = "gradients2";
            Trainer trainer = task.trainer(1).callback(witness);
            assertThatThrownBy(trainer::run).hasMessage("a  failed");
            witness.throwAt = "";
            trainer.run();
            whole.trainer(1).run();
            assertThat(task.learned).containsExactly(0L, 1L, 2L, 2L, 3L);
            assertThat(task.weight()).isEqualTo(whole.weight());
        }
    }

    @Test
    void whoFailsToBeginIsNotEnded() throws IOException {
        List<String> seen = new ArrayList<>();
        try (ToyTask task = new ToyTask()) {
            Witness second = new Witness("b ", seen);
            second.throwAt = "begin";
            Trainer trainer = task.trainer(1).callback(new Witness("a ", seen)).callback(second);
            assertThatThrownBy(trainer::run).hasMessage("b  failed");
            assertThat(seen).containsExactly("a begin", "b begin", "a broken");
        }
    }

    @Test
    void trainingLossOfAnEpochIsTheSameAfterAResume() throws IOException {
        List<Double> losses = new ArrayList<>();
        Callback note = new Callback() {
            @Override
            public boolean onEpoch(EpochReport report) {
                return losses.add(report.trainLoss());
            }
        };
        Path file = folder.resolve("c");
        try (ToyTask task = new ToyTask()) {
            task.trainer(2).callback(note).run();
        }
        try (ToyTask task = new ToyTask()) {
            Witness stop = new Witness("", new ArrayList<>());
            stop.stopAt = "step6";
            task.trainer(2).checkpoint(file, 1, Map.of()).callback(stop).run();
        }
        List<Double> whole = List.copyOf(losses);
        losses.clear();
        try (ToyTask task = new ToyTask();
                Arena arena = Arena.ofConfined()) {
            task.trainer(2)
                    .callback(note)
                    .resume(CheckpointFile.read(file, arena))
                    .run();
            assertThat(task.learned).containsExactly(6L, 7L);
        }
        assertThat(losses).containsExactly(whole.get(1));
    }

    @Test
    void batchesThatAreNotFiniteAreLeftOutToTheBit() throws IOException {
        float without;
        try (ToyTask task = new ToyTask()) {
            // What learning from 0, 2, 3 and 5 to 7 alone gives.
            for (long number : new long[] {0, 2, 3, 5, 6, 7}) {
                task.seek(0, (int) number);
                task.tape.reset(number);
                task.forward(task.tape).backward();
                task.optimizer.step();
            }
            without = task.weight();
        }
        try (ToyTask task = new ToyTask()) {
            task.nan = List.of(1L, 4L);
            List<Long> skipped = new ArrayList<>();
            List<Long> steps = new ArrayList<>();
            Trainer.Summary summary = task.trainer(2)
                    .nonFinite(NonFinite.skip(1))
                    .callback(new Callback() {
                        @Override
                        public boolean onStep(StepReport report) {
                            return steps.add(report.done() - 1);
                        }

                        @Override
                        public boolean onEpoch(EpochReport report) {
                            assertThat(report.trainLoss()).isFinite();
                            return true;
                        }

                        @Override
                        public void onTrainEnd(Training training, Trainer.Summary end) {
                            skipped.add(training.skipped());
                        }
                    })
                    .run();
            assertThat(steps).containsExactly(0L, 2L, 3L, 5L, 6L, 7L);
            assertThat(skipped).containsExactly(2L);
            assertThat(summary.steps()).isEqualTo(6);
            assertThat(task.weight()).isEqualTo(without);
        }
    }

    @Test
    void tooManyInARowThrowAfterAll() {
        try (ToyTask task = new ToyTask()) {
            task.nan = List.of(1L, 2L, 3L);
            assertThatThrownBy(
                            () -> task.trainer(1).nonFinite(NonFinite.skip(2)).run())
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessageContaining("step 3");
        }
    }

    @Test
    void aGradientThatIsNotFiniteIsSeenBehindAFiniteLoss() throws IOException {
        try (ToyTask task = new ToyTask()) {
            task.huge = List.of(1L);
            task.trainer(1).nonFinite(NonFinite.skip(1)).run();
            assertThat(task.optimizer.steps()).isEqualTo(3);
            assertThat(task.weight()).isFinite();
        }
    }

    @Test
    void aFlightRecordingHasStepsEpochsAndCheckpoints() throws IOException {
        Path file = folder.resolve("t.jfr");
        try (Recording recording = new Recording();
                ToyTask task = new ToyTask()) {
            recording.enable("gatun.Step").withoutThreshold();
            recording.enable("gatun.Epoch").withoutThreshold();
            recording.enable("gatun.Checkpoint").withoutThreshold();
            recording.start();
            task.trainer(2).checkpoint(folder.resolve("c"), 0, Map.of()).run();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events)
                .filteredOn(e -> e.getEventType().getName().equals("gatun.Step"))
                .hasSize(8)
                .allMatch(e -> e.getFloat("loss") > 0 && e.getInt("items") == 3 && !e.getBoolean("skipped"));
        assertThat(events)
                .filteredOn(e -> e.getEventType().getName().equals("gatun.Epoch"))
                .hasSize(2)
                .anyMatch(e -> e.getInt("epoch") == 1 && e.getDouble("testLoss") == 0.5);
        assertThat(events)
                .filteredOn(e -> e.getEventType().getName().equals("gatun.Checkpoint"))
                .hasSize(2)
                .anyMatch(e -> e.getLong("batches") == 8 && e.getString("file").endsWith("c"));
    }

    @Test
    void aCallbackWithAStateIsAddedBeforeResume() throws IOException {
        Path file = folder.resolve("c");
        try (ToyTask task = new ToyTask();
                Arena arena = Arena.ofConfined()) {
            task.trainer(1).checkpoint(file, 0, Map.of()).run();
            CheckpointFile.Content content = CheckpointFile.read(file, arena);
            Trainer trainer = task.trainer(2).resume(content);
            assertThatThrownBy(() -> trainer.callback(EarlyStopping.withoutRestore(Monitor.min("loss"), 2)))
                    .hasMessageContaining("add it before resume()");
            assertThatThrownBy(() -> task.trainer(2)
                            .callback(EarlyStopping.withoutRestore(Monitor.min("loss"), 2))
                            .resume(content))
                    .hasMessageContaining("has no tensor early_stopping.loss");
            assertThat(content.tensors()).extracting(NamedTensor::name).doesNotContain("early_stopping.loss");
        }
    }
}
