package io.gatun.nn.log;

import io.gatun.nn.train.Callback;
import io.gatun.nn.train.Trainer;
import io.gatun.nn.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A file of JSON lines, each with an {@code event}: {@code run} with its settings, {@code step} every so many batches,
 * {@code epoch}, {@code resume}, {@code end}; {@code batches} says when. Numbers that are not finite are null. A line is
 * written before the checkpoint of its moment; a resumed run drops the lines behind the checkpoint it goes on from.
 */
public final class JsonLog implements Callback {
    private final Path file;
    private final int every;
    private final Map<String, ?> settings;
    private LineLog log;

    /** Batches before the step: an update of several micro-batches may pass the one that a line is due at. */
    private long before;

    /**
     * A log of a run.
     *
     * @param every batches between two lines for a step, 0 for none
     * @param settings strings, numbers, booleans, lists and maps of them, written once
     */
    public JsonLog(Path file, int every, Map<String, ?> settings) {
        if (every < 0) {
            throw new IllegalArgumentException("a line every " + every + " batches is not possible; 0 writes none");
        }
        this.file = file;
        this.every = every;
        this.settings = settings;
    }

    @Override
    public void onTrainBegin(Training training) throws IOException {
        if (training.batches() == 0 || !Files.exists(file)) {
            log = LineLog.fresh(file);
            write("run", 0, Map.of("settings", settings));
        } else {
            log = LineLog.resumed(file, line -> {
                Map<?, ?> object = JsonFile.parse(line);
                return !object.get("event").equals("end") && (double) object.get("batches") <= training.batches();
            });
            write("resume", training.batches(), Map.of());
        }
    }

    @Override
    public void onStepBegin(Training training) {
        before = training.batches();
    }

    @Override
    public boolean onStep(StepReport report) throws IOException {
        if (every > 0 && report.done() / every > before / every) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("epoch", report.epoch() + 1);
            line.put("batch", report.batch() + 1);
            line.put("loss", report.loss());
            line.put("learning_rate", report.learningRate());
            line.put("items_per_second", report.itemsPerSecond());
            write("step", report.done(), line);
        }
        return true;
    }

    @Override
    public boolean onEvaluation(Training training, EpochReport report) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("epoch", report.epoch() + 1);
        line.put("epochs", report.epochs());
        line.put("train_loss", report.trainLoss());
        line.put("test", report.test().all());
        line.put("learning_rate", report.learningRate());
        line.put("items_per_second", report.itemsPerSecond());
        line.put("seconds", report.seconds());
        line.put("skipped", training.skipped());
        write("epoch", report.done(), line);
        return true;
    }

    @Override
    public void onTrainEnd(Training training, Trainer.Summary summary) throws IOException {
        try (var _ = log) {
            if (summary != null) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("epochs", summary.epochs());
                line.put("test", summary.test().all());
                line.put("items_per_second", summary.itemsPerSecond());
                line.put("seconds", summary.seconds());
                write("end", training.batches(), line);
            }
        }
    }

    private void write(String event, long batches, Map<String, ?> more) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("event", event);
        line.put("batches", batches);
        line.putAll(more);
        log.line(JsonLine.of(line));
    }
}
