package io.gatun.perf.train;

import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.log.ModelGraph;
import io.gatun.nn.log.TensorBoard;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.Task;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A model with its data, its optimizer and its schedule: what {@code gatun train MODEL} stands for. */
interface Recipe extends AutoCloseable {
    /** The recipe of the model that the options name, its data loaded and its parameters initialised. */
    static Recipe of(TrainOptions options, NativeMemory memory) throws IOException {
        return Trainable.of(options.model()).recipe(options, memory);
    }

    /** The options, none of them null. */
    TrainOptions options();

    Task task();

    /** The data in one phrase. */
    String dataLine();

    Optimizer optimizer(Kernels kernels, NativeMemory memory);

    /** What this model shows after an epoch besides its figures. */
    default Optional<Callback> callback(Tape tape, PrintWriter out) {
        return Optional.empty();
    }

    /** Figures of each evaluation besides loss and accuracy. */
    default List<Metric> metrics() {
        return List.of();
    }

    /** Figures of the finished model besides those of its evaluation. */
    default Map<String, Double> figures() {
        return Map.of();
    }

    /** What the report shows of the finished model besides its figures, as {@link io.gatun.nn.log.RunReport} says. */
    default Map<String, Object> results(Tape tape) {
        return Map.of();
    }

    /** The net's layers for TensorBoard, as one input goes through them. */
    default Optional<ModelGraph> graph(Tape tape) {
        return Optional.empty();
    }

    /** Pictures and texts of the finished model for TensorBoard. */
    default void show(TensorBoard board, long step) throws IOException {}

    /** What this model says at the end. */
    void end(Trainer.Summary summary, PrintWriter out);

    @Override
    void close();
}
