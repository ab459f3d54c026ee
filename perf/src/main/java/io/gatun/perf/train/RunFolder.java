package io.gatun.perf.train;

import io.gatun.nn.log.CsvLog;
import io.gatun.nn.log.JsonLine;
import io.gatun.nn.log.JsonLog;
import io.gatun.nn.log.ModelGraph;
import io.gatun.nn.log.RunReport;
import io.gatun.nn.log.TensorBoardLog;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.Trainer;
import io.gatun.nn.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a run leaves: {@code log.csv}, {@code log.jsonl} and {@code events.*} while it goes on, {@code best.safetensors} where
 * it waits for a better epoch, {@code results.json} and {@code report.html} at its end. It is the folder of a checkpoint that
 * is named checkpoint.safetensors, and {@code FILE.run} beside one that the user named, so that two runs in one folder stay
 * apart.
 */
final class RunFolder {
    private static final String CHECKPOINT = "checkpoint.safetensors";
    private static final String RESULTS = "results.json";
    private static final int EVERY = 10;

    private final Path folder;

    RunFolder(Path checkpoint) {
        String name = checkpoint.getFileName().toString();
        folder = name.equals(CHECKPOINT)
                ? checkpoint.toAbsolutePath().getParent()
                : checkpoint.resolveSibling(name + ".run");
    }

    Path path() {
        return folder;
    }

    /** Logs the training from now on. */
    void attach(Trainer trainer, Map<String, ?> settings) throws IOException {
        Files.createDirectories(folder);
        trainer.callback(new CsvLog(folder.resolve("log.csv")))
                .callback(new Callback() {
                    @Override
                    public void onTrainBegin(Training training) throws IOException {
                        if (training.batches() == 0) {
                            forgetEarlierRun();
                        }
                    }
                })
                .callback(new JsonLog(folder.resolve("log.jsonl"), EVERY, settings));
    }

    /** Until this run ends nothing may look like its results; called once the log is this run's own. */
    private void forgetEarlierRun() throws IOException {
        Files.deleteIfExists(folder.resolve(RESULTS));
        Files.deleteIfExists(folder.resolve(RunReport.NAME));
        try (var events = Files.newDirectoryStream(folder, "events.out.tfevents.*")) {
            for (Path file : events) {
                Files.delete(file);
            }
        }
    }

    /** Logs it for TensorBoard too, the graph at the beginning of a run that is not resumed. */
    void board(Trainer trainer, Map<String, ?> settings, Optional<ModelGraph> graph) {
        TensorBoardLog log = new TensorBoardLog(folder, EVERY, settings);
        graph.ifPresent(log::graph);
        trainer.callback(log);
    }

    /** The report, made from the logs and these results. */
    Path report(String title, Map<String, ?> results, Map<String, String> environment) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("title", title);
        all.putAll(results);
        all.put("environment", environment);
        Files.writeString(folder.resolve(RESULTS), JsonLine.of(all) + "\n");
        return RunReport.write(folder);
    }
}
