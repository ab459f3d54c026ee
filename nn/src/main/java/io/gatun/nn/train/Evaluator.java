package io.gatun.nn.train;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.memory.Places;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.metric.Metrics;
import io.gatun.nn.optim.Penalty;
import io.gatun.nn.optim.WeightAverage;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** How a trainer looks at its model: with which figures, and with which weights. */
final class Evaluator {
    private final Task task;
    private final Tape tape;
    private Metrics metrics = new Metrics();
    private Penalty penalty;
    private WeightAverage average;
    private int statistics;

    Evaluator(Task task, Tape tape) {
        this.task = task;
        this.tape = tape;
    }

    void metrics(Metric... more) {
        metrics = new Metrics(
                Stream.concat(metrics.all().stream(), Stream.of(more)).toArray(Metric[]::new));
    }

    void penalty(Penalty newPenalty) {
        penalty = newPenalty;
    }

    void average(WeightAverage newAverage, int statisticsBatches) {
        average = newAverage;
        statistics = statisticsBatches;
    }

    /** Gives the model its averaged weights until the result is closed; the trained ones stay before the first update. */
    WeightAverage.Use averaged() {
        if (average == null || average.updates() == 0) {
            return () -> {};
        }
        WeightAverage.Use use = average.use();
        if (statistics > 0) {
            try {
                task.refreshStatistics(tape, statistics);
            } catch (RuntimeException | Error e) {
                use.close();
                throw e;
            }
        }
        return use;
    }

    /** Of the weights that the model has now. */
    Evaluation run() {
        metrics.reset();
        Evaluation own = task.evaluate(tape, metrics.all().isEmpty() ? Predictions.IGNORED : this::measure);
        Map<String, Double> all = new LinkedHashMap<>(own.metrics());
        all.putAll(metrics.values());
        if (penalty != null) {
            all.put("penalty", penalty.value(task.parameters()));
        }
        return new Evaluation(own.loss(), own.accuracy(), all);
    }

    /** A target of whole numbers is a row's class; others are numbers, as many in a row as are predicted. */
    private void measure(Tensor prediction, Tensor target) {
        Shape shape = target.shape();
        long rows = target.type() == DType.I32 ? shape.elements() : shape.rank() == 0 ? 1 : shape.dim(0);
        long columns = rows == 0 ? 1 : prediction.shape().elements() / rows;
        try (Arena arena = Arena.ofConfined()) {
            metrics.update(
                    Places.onHost(prediction.to(DType.F32).memory(), arena),
                    Places.onHost(target.memory(), arena),
                    Math.toIntExact(rows),
                    Math.toIntExact(columns));
        }
    }
}
