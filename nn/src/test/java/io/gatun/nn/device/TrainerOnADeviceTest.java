package io.gatun.nn.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.StandInDevice;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.Places;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.Sequential;
import io.gatun.nn.Unflatten;
import io.gatun.nn.data.CharText;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.RandomSampler;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.model.Seq2Seq;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Penalty;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.WeightAverage;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.NonFinite;
import io.gatun.nn.train.NonFiniteException;
import io.gatun.nn.train.Seq2SeqTask;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Task;
import io.gatun.nn.train.TextTask;
import io.gatun.nn.train.Trainer;
import io.gatun.nn.train.Training;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A trainer whose steps nobody waits for reports and leaves what one on the host does, to the bit. */
class TrainerOnADeviceTest {
    /** Batches of 8 of 70 samples: eight and a short one. */
    private static final int BATCHES = 9;

    private static final int BATCH = 8;
    private static final int SEED = 3;

    /** A sample of batch 3. */
    private static final int BROKEN = new RandomSampler(70, SEED).order(0)[3 * BATCH + 2];

    @TempDir
    private Path folder;

    private static Module pictureNet() {
        return new Sequential(
                new Unflatten(4, 4, 2),
                new Conv2d(2, 8, 3, new Window(1, 1, 1, 1), false, Init.kaimingNormal()),
                new BatchNorm2d(8, true),
                new Dropout(0.1f),
                new GlobalAvgPool(),
                new Linear(8, 3));
    }

    private static SupervisedTask pictureTask(Module net, NativeMemory memory, int broken) {
        return new SupervisedTask(
                net,
                Loss.CROSS_ENTROPY,
                DataLoader.training(Pictures.of(70, 1, broken), BATCH, SEED),
                DataLoader.evaluation(Pictures.of(20, 2), 16),
                memory);
    }

    private static final class Run implements AutoCloseable {
        final Kernels kernels;
        final Parameters parameters;
        final Task task;
        final Optimizer optimizer;
        final Tape tape;
        final WeightAverage average;
        final List<Float> losses = new ArrayList<>();

        Run(boolean device, Module net, BiFunction<Module, NativeMemory, Task> task) {
            kernels = device ? StandInDevice.open() : Kernels.open("simd", 1);
            NativeMemory memory = kernels.memory();
            parameters = net.allocate(memory, 1);
            this.task = task.apply(net, memory);
            Schedule schedule = Schedule.cosine(0.05f, 2, 30);
            optimizer = new AdamW(kernels, memory, parameters, schedule, AdamW.Options.DEFAULT).clipNorm(1);
            average = WeightAverage.ema(kernels, memory, parameters, 0.9f);
            tape = new Tape(kernels, memory, 0, 1);
        }

        static Run ofPictures(boolean device) {
            return ofPictures(device, -1);
        }

        static Run ofPictures(boolean device, int broken) {
            return new Run(device, pictureNet(), (net, memory) -> pictureTask(net, memory, broken));
        }

        /** Its losses are asked for after each so many batches. */
        Trainer trainer(int epochs, int asked) {
            return new Trainer(task, optimizer, tape, epochs).callback(new Callback() {
                @Override
                public boolean onStep(StepReport report) {
                    if (report.done() % asked == 0) {
                        losses.add(report.loss());
                        assertThat(report.itemsPerSecond()).isPositive();
                    }
                    return true;
                }

                @Override
                public boolean onEpoch(EpochReport report) {
                    losses.add((float) report.trainLoss());
                    losses.add((float) report.test().loss());
                    return true;
                }
            });
        }

        float[] values() {
            return Places.floats(parameters.values());
        }

        @Override
        public void close() {
            tape.close();
            average.close();
            optimizer.close();
            task.close();
            parameters.close();
            assertThat(kernels.memory().leaks()).isEmpty();
            kernels.close();
        }
    }

    private void sameRuns(BiFunction<Boolean, Integer, Run> runs) throws IOException {
        for (int asked : new int[] {1, 3, 1000}) {
            Path[] files = {folder.resolve("host" + asked), folder.resolve("device" + asked)};
            List<List<Float>> losses = new ArrayList<>();
            for (int device = 0; device < 2; device++) {
                try (Run run = runs.apply(device == 1, asked)) {
                    run.trainer(3, asked)
                            .average(run.average)
                            .lossesEvery(4)
                            .checkpoint(files[device], 5, Map.of())
                            .run();
                    losses.add(run.losses);
                }
            }
            assertThat(losses.get(1)).isEqualTo(losses.get(0)).hasSizeGreaterThanOrEqualTo(6);
            assertThat(Files.readAllBytes(files[1])).isEqualTo(Files.readAllBytes(files[0]));
        }
    }

    @Test
    void picturesAreLearnedAsOnTheHost() throws IOException {
        sameRuns((device, _) -> Run.ofPictures(device));
    }

    @Test
    void textIsLearnedAsOnTheHost() throws IOException {
        CharText text = CharText.ofNames(
                "test", IntStream.range(0, 60).mapToObj(i -> "Abc" + i * 7 % 50).toList(), 1);
        sameRuns((device, _) -> {
            CharLstm net = new CharLstm(text.vocabulary().size(), 6, 8, 1, 0.1f);
            return new Run(device, net, (_, memory) -> new TextTask<>(net, text, 8, 4, memory));
        });
    }

    /** Its steps are built anew each time. */
    @Test
    void sequencesAreLearnedAsOnTheHost() throws IOException {
        List<Seq2SeqTask.Pair> pairs = IntStream.range(0, 20)
                .mapToObj(i -> new Seq2SeqTask.Pair(new int[] {3 + i % 5, 4 + i % 3}, new int[] {4 + i % 3}))
                .toList();
        sameRuns((device, _) -> {
            Seq2Seq net = new Seq2Seq(9, 9, 6, 8);
            return new Run(
                    device,
                    net,
                    (_, _) -> new Seq2SeqTask(net, Seq2SeqTask.shuffled(pairs, 5), pairs.subList(0, 4), 6));
        });
    }

    /** The host's step of the same number is the one that is named, and nothing of it is ever saved. */
    @Test
    void aLossThatIsNotFiniteIsFoundLaterAndNeverSaved() throws IOException {
        Path clean = folder.resolve("clean");
        Path file = folder.resolve("c");
        long named;
        float[] before;
        try (Run host = Run.ofPictures(false, BROKEN)) {
            named = thrown(host.trainer(2, 1000).checkpoint(clean, 1, Map.of())).step();
            before = host.values();
        }
        assertThat(named).isEqualTo(3);
        try (Run device = Run.ofPictures(true, BROKEN)) {
            Trainer trainer = device.trainer(2, 1000).checkpoint(file, (int) named, Map.of());
            NonFiniteException found = thrown(trainer);
            assertThat(found.step()).isEqualTo(named);
            assertThat(found)
                    .hasMessageContaining("the loss is NaN at step " + named + " (epoch 1, batch " + (named + 1))
                    .hasMessageContaining("and 2 more")
                    .hasMessageContaining("resume from the last checkpoint");
            assertThat(device.values()).contains(Float.NaN);
            try (Arena arena = Arena.ofConfined()) {
                trainer.resume(CheckpointFile.read(file, arena));
            }
            assertThat(device.values()).isEqualTo(before);
            // From there, each loss before its update.
            assertThat(thrown(trainer.lossesEvery(1))).hasMessageContaining("before this step changed the parameters");
            assertThat(device.values()).isEqualTo(before);
        }
    }

    private static NonFiniteException thrown(Trainer trainer) {
        Throwable[] thrown = new Throwable[1];
        assertThatThrownBy(trainer::run).isInstanceOf(NonFiniteException.class).satisfies(e -> thrown[0] = e);
        return (NonFiniteException) thrown[0];
    }

    @Test
    void itIsFoundAfterAsManyStepsAsMayBeOwedAndBeforeASave() throws IOException {
        long named = 3;
        List<Long> done = new ArrayList<>();
        Callback counting = new Callback() {
            @Override
            public boolean onStep(StepReport report) {
                return done.add(report.done());
            }
        };
        try (Run device = Run.ofPictures(true, BROKEN)) {
            assertThat(thrown(device.trainer(2, 1000).lossesEvery(2).callback(counting))
                            .step())
                    .isEqualTo(named);
        }
        assertThat(done.getLast()).isEqualTo(2 * (named / 2 + 1));
        Path never = folder.resolve("never");
        try (Run device = Run.ofPictures(true, BROKEN)) {
            thrown(device.trainer(2, 1000).checkpoint(never, (int) named + 1, Map.of()));
        }
        assertThat(never).doesNotExist();
        Path swallowed = folder.resolve("swallowed");
        try (Run device = Run.ofPictures(true, BROKEN)) {
            assertThat(thrown(device.trainer(2, 1000)
                                    .checkpoint(swallowed, 0, Map.of())
                                    .callback(swallowing()))
                            .step())
                    .isEqualTo(named);
        }
        assertThat(swallowed).doesNotExist();
    }

    /** A callback that does not want to know. */
    private static Callback swallowing() {
        return new Callback() {
            @Override
            public boolean onStep(StepReport report) {
                try {
                    report.loss();
                } catch (NonFiniteException e) {
                    assertThat(e.step()).isPositive();
                }
                return true;
            }
        };
    }

    /** What was started before has been learned from, and its losses count. */
    @Test
    void aRunThatFailsInBetweenGoesOnAsOnTheHost() throws IOException {
        List<List<Float>> losses = new ArrayList<>();
        List<float[]> values = new ArrayList<>();
        for (int device = 0; device < 2; device++) {
            try (Run run = Run.ofPictures(device == 1)) {
                boolean[] failed = {false};
                Trainer trainer = run.trainer(2, 1000).callback(new Callback() {
                    @Override
                    public boolean onStep(StepReport report) throws IOException {
                        if (report.done() == 5 && !failed[0]) {
                            failed[0] = true;
                            throw new IOException("no room for a log");
                        }
                        return report.done() != 7;
                    }
                });
                assertThatThrownBy(trainer::run).hasMessage("no room for a log").hasNoSuppressedExceptions();
                assertThat(trainer.run().epochs()).isZero();
                trainer.run();
                losses.add(run.losses);
                values.add(run.values());
            }
        }
        assertThat(losses.get(1)).isEqualTo(losses.get(0)).hasSize(4);
        assertThat(values.get(1)).isEqualTo(values.get(0));
    }

    @Test
    void whoLooksAtGradientsIsShownThem() throws IOException {
        int[] seen = {0};
        Callback looking = new Callback() {
            @Override
            public void onGradients(Training training) {
                assertThat(Places.floats(training.task().parameters().gradientsToRead()))
                        .matches(all -> IntStream.range(0, all.length).anyMatch(i -> all[i] != 0));
                seen[0]++;
            }
        };
        try (Run run = Run.ofPictures(true)) {
            run.trainer(1, 1).callback(looking).run();
        }
        assertThat(seen[0]).isEqualTo(BATCHES);
    }

    /** Accumulation, a penalty, and a batch that is left out: each loss is known before its update. */
    @Test
    void whatMustBeKnownBeforeAnUpdateIsReadThen() throws IOException {
        List<List<Float>> losses = new ArrayList<>();
        List<float[]> values = new ArrayList<>();
        for (int device = 0; device < 2; device++) {
            losses.add(new ArrayList<>());
            for (UnaryOperator<Trainer> wish : List.<UnaryOperator<Trainer>>of(
                    trainer -> trainer.accumulate(2),
                    trainer -> trainer.penalty(Penalty.l2(0.01f)),
                    trainer -> trainer.nonFinite(NonFinite.skip(1)))) {
                try (Run run = Run.ofPictures(device == 1, losses.get(device).size() < 8 ? -1 : BROKEN)) {
                    wish.apply(run.trainer(2, 1000)).run();
                    losses.get(device).addAll(run.losses);
                    values.add(run.values());
                }
            }
        }
        assertThat(losses.get(1)).isEqualTo(losses.get(0)).hasSize(12);
        for (int i = 0; i < 3; i++) {
            assertThat(values.get(3 + i)).isEqualTo(values.get(i));
        }
    }

    @Test
    void flightRecordingsHaveTheHostsLosses() throws IOException {
        List<List<String>> seen = new ArrayList<>();
        for (int device = 0; device < 2; device++) {
            try (Run run = Run.ofPictures(device == 1);
                    Recording recording = new Recording()) {
                recording.enable("gatun.Step").withoutThreshold();
                recording.start();
                run.trainer(1, 1000).run();
                recording.stop();
                Path file = folder.resolve("steps" + device);
                recording.dump(file);
                List<RecordedEvent> steps = RecordingFile.readAllEvents(file).stream()
                        .filter(e -> e.getEventType().getName().equals("gatun.Step"))
                        .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                        .toList();
                seen.add(steps.stream().map(TrainerOnADeviceTest::told).toList());
                for (int i = 1; i < steps.size(); i++) {
                    assertThat(steps.get(i - 1).getEndTime())
                            .as("end of step " + i)
                            .isBeforeOrEqualTo(steps.get(i).getStartTime());
                }
            }
        }
        assertThat(seen.get(1)).isEqualTo(seen.get(0)).hasSize(BATCHES);
    }

    private static String told(RecordedEvent event) {
        assertThat(event.getDuration()).isPositive();
        return Arrays.asList(
                        event.getInt("epoch"),
                        event.getInt("batch"),
                        event.getFloat("loss"),
                        event.getInt("items"),
                        event.getBoolean("skipped"))
                .toString();
    }

    @Test
    void refusesToReadLossesNever() {
        try (Run run = Run.ofPictures(true)) {
            assertThatThrownBy(() -> run.trainer(1, 1).lossesEvery(0))
                    .hasMessage("losses cannot be read every 0 steps; 1 reads each before its update");
        }
    }
}
