package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;

/** A figure of how well one class's scores rank it above the others: all rows are kept until it is asked for. */
abstract sealed class RankMetric implements Metric permits RocAuc, AveragePrecision {
    private final String name;
    private final Ranking ranking;

    RankMetric(String name, int positive) {
        this.name = name;
        ranking = new Ranking(name, positive);
    }

    /** Null where a score was NaN, which has no rank. */
    final Ranking.Steps steps() {
        return ranking.steps();
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        ranking.update(predictions, targets, rows, columns);
    }

    @Override
    public final void reset() {
        ranking.reset();
    }

    @Override
    public final void merge(Metric other) {
        RankMetric same = Batch.other(getClass(), this, other);
        ranking.merge(same.ranking);
    }
}
