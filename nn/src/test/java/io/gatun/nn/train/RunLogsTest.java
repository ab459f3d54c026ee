package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.log.CsvLog;
import io.gatun.nn.log.JsonFile;
import io.gatun.nn.log.JsonLog;
import io.gatun.nn.log.TensorBoardLog;
import io.gatun.nn.metric.Accuracy;
import io.gatun.nn.metric.ConfusionMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The logs of a run that was killed anywhere and resumed are those of one that was not, but for the clock. */
class RunLogsTest {
    private static final int EPOCHS = 3;

    @TempDir
    private Path folder;

    private static Trainer logged(ToyTask task, Path run) {
        return task.trainer(EPOCHS)
                .metrics(new Accuracy(2))
                .checkpoint(run.resolve("c"), 3, Map.of())
                .callback(new CsvLog(run.resolve("log.csv")))
                .callback(new JsonLog(run.resolve("log.jsonl"), 2, Map.of("lr", 0.5)))
                .callback(new TensorBoardLog(run, 1, Map.of()));
    }

    /** All cells but the last two, which are times. */
    private static List<List<String>> csv(Path run) throws IOException {
        return Files.readAllLines(run.resolve("log.csv")).stream()
                .map(line -> line.split(","))
                .map(cells -> List.of(cells).subList(0, cells.length - 2))
                .toList();
    }

    private static List<String> json(Path run) throws IOException {
        return Files.readAllLines(run.resolve("log.jsonl")).stream()
                .map(JsonFile::parse)
                .filter(line -> !line.get("event").equals("resume"))
                .map(line -> {
                    line.keySet().removeAll(List.of("items_per_second", "seconds"));
                    return line.toString();
                })
                .toList();
    }

    private static List<String> events(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            List<Path> all = files.filter(file -> file.getFileName().toString().startsWith("events."))
                    .toList();
            assertThat(all).hasSize(1);
            return EventText.of(all.getFirst()).stream()
                    .filter(line -> !line.contains("items_per_second"))
                    .toList();
        }
    }

    @Test
    void rowsOfAKilledAndResumedRunAreThoseOfTheWhole() throws IOException {
        Path whole = Files.createDirectories(folder.resolve("whole"));
        try (ToyTask task = new ToyTask()) {
            logged(task, whole).run();
        }
        assertThat(csv(whole)).hasSize(1 + EPOCHS);
        assertThat(csv(whole).getFirst())
                .containsExactly(
                        "epoch",
                        "batches",
                        "train_loss",
                        "test_loss",
                        "test_accuracy",
                        "test_f1_macro",
                        "test_top2_accuracy",
                        "learning_rate");
        assertThat(csv(whole).get(2)).startsWith("2", "8").endsWith("0.5", "0.5", "0.1", "1.0", "0.01");
        assertThat(json(whole)).hasSize(1 + EPOCHS * ToyTask.BATCHES / 2 + EPOCHS + 1);

        for (int killAt : new int[] {3, 4, 5, 8, 10, 11}) {
            Path run = Files.createDirectories(folder.resolve("killed" + killAt));
            try (ToyTask task = new ToyTask()) {
                Trainer trainer = logged(task, run).callback(new Callback() {
                    @Override
                    public void onGradients(Training training) {
                        if (training.batches() == killAt) {
                            throw new IllegalStateException("killed");
                        }
                    }
                });
                assertThatThrownBy(trainer::run).hasMessage("killed");
            }
            // What a kill in the middle of a write leaves.
            Files.writeString(run.resolve("log.csv"), Files.readString(run.resolve("log.csv")) + "7,2");
            Files.writeString(run.resolve("log.jsonl"), Files.readString(run.resolve("log.jsonl")) + "{\"ev");
            try (ToyTask task = new ToyTask();
                    Arena arena = Arena.ofConfined()) {
                logged(task, run)
                        .resume(CheckpointFile.read(run.resolve("c"), arena))
                        .run();
            }
            assertThat(csv(run)).as("killed at %d", killAt).isEqualTo(csv(whole));
            assertThat(json(run)).as("killed at %d", killAt).isEqualTo(json(whole));
            assertThat(events(run)).as("killed at %d", killAt).isEqualTo(events(whole));
        }
    }

    @Test
    void resumingAFinishedRunAddsNothing() throws IOException {
        try (ToyTask task = new ToyTask()) {
            logged(task, folder).run();
        }
        List<List<String>> csv = csv(folder);
        List<String> json = json(folder);
        List<String> events = events(folder);
        for (int i = 0; i < 2; i++) {
            try (ToyTask task = new ToyTask();
                    Arena arena = Arena.ofConfined()) {
                logged(task, folder)
                        .resume(CheckpointFile.read(folder.resolve("c"), arena))
                        .run();
            }
        }
        assertThat(csv(folder)).isEqualTo(csv);
        assertThat(json(folder).subList(0, json.size() - 1)).isEqualTo(json.subList(0, json.size() - 1));
        assertThat(json(folder)).hasSameSizeAs(json);
        assertThat(events(folder)).isEqualTo(events);
    }

    @Test
    void updatesOfSeveralBatchesPassNoLineThatIsDue() throws IOException {
        GradientStatistics statistics = new GradientStatistics(2, 0, 1e9);
        Set<Object> looks = Collections.newSetFromMap(new IdentityHashMap<>());
        try (ToyTask task = new ToyTask()) {
            task.trainer(2)
                    .accumulate(3)
                    .callback(new JsonLog(folder.resolve("log.jsonl"), 2, Map.of()))
                    .callback(new TensorBoardLog(folder, 2, Map.of()))
                    .callback(statistics)
                    .callback(new Callback() {
                        @Override
                        public void onGradients(Training training) {
                            looks.add(statistics.layers());
                        }
                    })
                    .run();
        }
        // Updates begin at batches 0, 3, 4 and 7, and end at 3, 4, 7 and 8: 2, 4, 6 and 8 are due.
        assertThat(looks).hasSize(4);
        assertThat(json(folder)).filteredOn(line -> line.contains("event=step")).hasSize(4);
        assertThat(events(folder))
                .filteredOn(line -> line.contains("train/loss"))
                .hasSize(4);
    }

    @Test
    void aNewRunBeginsNewLogs() throws IOException {
        for (int i = 0; i < 2; i++) {
            try (ToyTask task = new ToyTask()) {
                task.trainer(1).callback(new CsvLog(folder.resolve("log.csv"))).run();
            }
        }
        assertThat(Files.readAllLines(folder.resolve("log.csv"))).hasSize(2);
    }

    @Test
    void ofTwoRunsWithOneFileTheSecondIsRefused() throws IOException {
        Path file = folder.resolve("log.csv");
        try (ToyTask task = new ToyTask();
                ToyTask other = new ToyTask()) {
            Trainer second = other.trainer(1).callback(new CsvLog(file));
            task.trainer(2)
                    .callback(new CsvLog(file))
                    .callback(new Callback() {
                        @Override
                        public void onEpochBegin(Training training, int epoch) {
                            assertThatThrownBy(second::run)
                                    .isInstanceOf(IOException.class)
                                    .hasMessageContaining("log.csv")
                                    .hasMessageContaining("another run is writing it");
                        }
                    })
                    .run();
            assertThat(Files.readAllLines(file)).hasSize(3);
            second.run();
            assertThat(Files.readAllLines(file)).hasSize(2);
        }
    }

    @Test
    void otherColumnsAreRefused() throws IOException {
        Path file = folder.resolve("log.csv");
        try (ToyTask task = new ToyTask()) {
            task.trainer(1)
                    .checkpoint(folder.resolve("c"), 0, Map.of())
                    .callback(new CsvLog(file))
                    .run();
            assertThatThrownBy(() -> task.trainer(2)
                            .metrics(new Accuracy(3))
                            .callback(new CsvLog(file))
                            .run())
                    .hasMessageContaining("resume with the metrics it was begun with");
        }
    }

    @Test
    void metricsHoldWhatTheLatestEvaluationShowed() throws IOException {
        ConfusionMatrix confusion = new ConfusionMatrix(2);
        try (ToyTask task = new ToyTask()) {
            Trainer.Summary summary =
                    task.trainer(2).metrics(confusion).metrics(new Accuracy(2)).run();
            assertThat(confusion.counts()).isEqualTo(new long[][] {{1, 0}, {1, 0}});
            assertThat(summary.test().all()).containsOnlyKeys("loss", "accuracy", "f1_macro", "top2_accuracy");
            assertThat(summary.test().metric("top2_accuracy")).isEqualTo(1);
        }
        assertThat(Arrays.stream(confusion.counts())
                        .flatMapToLong(Arrays::stream)
                        .sum())
                .isEqualTo(2);
    }
}
