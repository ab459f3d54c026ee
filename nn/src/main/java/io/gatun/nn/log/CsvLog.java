package io.gatun.nn.log;

import io.gatun.nn.train.Callback;
import io.gatun.nn.train.Trainer;
import io.gatun.nn.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A row for each epoch in a CSV file: epoch (from 1), batches done, training loss, every figure of the evaluation as
 * {@code test_…}, learning rate, items a second, seconds since the run began. Numbers as Java prints them, so that they
 * read back to the bit. A row is written before its checkpoint; a resumed run drops the rows behind the checkpoint it goes
 * on from, so each epoch is there once.
 */
public final class CsvLog implements Callback {
    private final Path file;
    private LineLog log;
    private String header;

    /** @param file begun anew when the training does; its folder is made if there is none */
    public CsvLog(Path file) {
        this.file = file;
    }

    @Override
    public void onTrainBegin(Training training) throws IOException {
        if (training.batches() == 0 || !Files.exists(file)) {
            log = LineLog.fresh(file);
            header = null;
            return;
        }
        List<String> seen = new ArrayList<>();
        log = LineLog.resumed(file, line -> {
            seen.add(line);
            return seen.size() == 1 || Long.parseLong(line.split(",")[1]) <= training.batches();
        });
        header = seen.isEmpty() ? null : seen.getFirst();
    }

    @Override
    public boolean onEvaluation(Training training, EpochReport report) throws IOException {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("epoch", Integer.toString(report.epoch() + 1));
        row.put("batches", Long.toString(report.done()));
        row.put("train_loss", Double.toString(report.trainLoss()));
        report.test().all().forEach((name, value) -> row.put("test_" + name, Double.toString(value)));
        row.put("learning_rate", Float.toString(report.learningRate()));
        row.put("items_per_second", Double.toString(report.itemsPerSecond()));
        row.put("seconds", Double.toString(report.seconds()));
        String names = String.join(",", row.keySet());
        if (header == null) {
            header = names;
            log.line(header);
        } else if (!header.equals(names)) {
            throw new IllegalArgumentException(file + " has the columns " + header + ", this run has " + names
                    + "; resume with the metrics it was begun with, or move the file away");
        }
        log.line(String.join(",", row.values()));
        return true;
    }

    @Override
    public void onTrainEnd(Training training, Trainer.Summary summary) throws IOException {
        log.close();
    }
}
