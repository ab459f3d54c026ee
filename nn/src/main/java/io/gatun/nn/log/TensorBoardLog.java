package io.gatun.nn.log;

import io.gatun.autograd.Parameter;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.Trainer;
import io.gatun.nn.train.Training;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A training in TensorBoard: {@code train/loss} and {@code train/learning_rate} every so many batches,
 * {@code epoch/train_loss} and {@code test/…} after each epoch, histograms of the parameters after each epoch, and the
 * settings for the HPARAMS page and the model's {@link #graph}. The step is the number of batches. A resumed run goes on in the same file, without the
 * events behind its checkpoint.
 */
public final class TensorBoardLog implements Callback {
    private final Path folder;
    private final int every;
    private final Map<String, ?> settings;
    private ModelGraph graph;
    private TensorBoard board;

    /** As {@link JsonLog}'s. */
    private long before;

    /**
     * A log in {@code folder}.
     *
     * @param every batches between two values of the loss
     * @param settings for the HPARAMS page; empty for none
     */
    public TensorBoardLog(Path folder, int every, Map<String, ?> settings) {
        if (every < 1) {
            throw new IllegalArgumentException("a value every " + every + " batches is not possible; 1 is every batch");
        }
        this.folder = folder;
        this.every = every;
        this.settings = settings;
    }

    /** A graph to write when a run begins that is not resumed. */
    public TensorBoardLog graph(ModelGraph layers) {
        graph = layers;
        return this;
    }

    /** To write pictures and texts of one's own; during the run only. */
    public TensorBoard board() {
        return board;
    }

    @Override
    public void onTrainBegin(Training training) throws IOException {
        if (training.batches() > 0) {
            board = TensorBoard.resumed(folder, training.batches());
            return;
        }
        board = new TensorBoard(folder);
        if (graph != null) {
            board.graph(graph);
        }
        if (!settings.isEmpty()) {
            board.hyperParameters(settings, List.of("epoch/train_loss", "test/loss", "test/accuracy"));
        }
    }

    @Override
    public void onStepBegin(Training training) {
        before = training.batches();
    }

    @Override
    public boolean onStep(StepReport report) throws IOException {
        if (report.done() / every > before / every) {
            board.scalar("train/loss", report.loss(), report.done());
            board.scalar("train/learning_rate", report.learningRate(), report.done());
        }
        return true;
    }

    @Override
    public boolean onEvaluation(Training training, EpochReport report) throws IOException {
        board.scalar("epoch/train_loss", report.trainLoss(), report.done());
        board.scalar("epoch/items_per_second", report.itemsPerSecond(), report.done());
        for (Map.Entry<String, Double> figure : report.test().all().entrySet()) {
            board.scalar("test/" + figure.getKey(), figure.getValue(), report.done());
        }
        for (Map.Entry<String, Parameter> entry :
                training.task().parameters().named().entrySet()) {
            Parameter parameter = entry.getValue();
            if (parameter.trainable() && entry.getKey().equals(parameter.label())) {
                board.histogram("parameters/" + entry.getKey(), parameter.toArray(), report.done());
            }
        }
        return true;
    }

    @Override
    public void onTrainEnd(Training training, Trainer.Summary summary) throws IOException {
        try (TensorBoard closing = board) {
            if (summary != null && !settings.isEmpty()) {
                closing.sessionEnd();
            }
        }
    }
}
