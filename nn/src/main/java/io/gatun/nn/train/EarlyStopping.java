package io.gatun.nn.train;

import io.gatun.autograd.Parameters;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Stops after {@code patience} epochs in a row in which the monitored figure has not become better, and gives the model
 * back its weights and running statistics of the best epoch: when it stops, and when the last epoch is done. (A run that
 * something else stopped keeps its latest weights.) The checkpoint of the last epoch has the last weights, from which a
 * training with more patience could go on.
 *
 * <p>Holds a copy of the parameters; close it after the training. Counters and copy are part of checkpoints.
 */
public final class EarlyStopping implements Callback, AutoCloseable {
    private static final int BEST = 0;
    private static final int BEST_EPOCH = 1;
    private static final int WAITED = 2;

    private final Monitor monitor;
    private final int patience;
    private final Parameters parameters;
    private final ParameterScope scope;
    private final MemorySegment values;
    private final MemorySegment buffers;
    private final String name;
    private final Numbers numbers;
    private boolean over;

    /** Patience 5; restores the best weights. */
    public EarlyStopping(Monitor monitor, NativeMemory memory, Parameters parameters) {
        this(monitor, 5, memory, parameters);
    }

    /**
     * Restores the best weights.
     *
     * @param patience epochs, at least 1
     * @param memory of the copy; on a device the copy is the host's
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room for it
     */
    public EarlyStopping(Monitor monitor, int patience, NativeMemory memory, Parameters parameters) {
        this(patience, monitor, parameters, memory.onHost().parameters("best weights"));
    }

    /** Leaves the last weights in the model and needs no memory. */
    public static EarlyStopping withoutRestore(Monitor monitor, int patience) {
        return new EarlyStopping(patience, monitor, null, null);
    }

    private EarlyStopping(int patience, Monitor monitor, Parameters parameters, ParameterScope scope) {
        if (patience < 1) {
            throw new IllegalArgumentException("early stopping: a patience of " + patience + " epochs is below 1");
        }
        this.monitor = monitor;
        this.patience = patience;
        this.parameters = parameters;
        this.scope = scope;
        name = "early_stopping." + monitor.metric();
        numbers = new Numbers(name, Double.NaN, -1, 0);
        try {
            values = scope == null ? null : scope.allocate(parameters.values().byteSize(), "best weights");
            buffers = scope == null ? null : scope.allocate(parameters.buffers().byteSize(), "best weights");
            keep();
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    private void keep() {
        if (scope != null) {
            Places.copy(parameters.values(), values);
            parameters.copyBuffersTo(buffers);
        }
    }

    @Override
    public void onTrainBegin(Training training) {
        over = numbers.get(WAITED) >= patience;
        if (over) {
            training.stop();
        }
    }

    @Override
    public boolean onEvaluation(Training training, EpochReport report) {
        double value = monitor.of(report);
        if (monitor.better(value, numbers.get(BEST))) {
            numbers.set(BEST, value);
            numbers.set(BEST_EPOCH, report.epoch());
            numbers.set(WAITED, 0);
            keep();
        } else {
            numbers.set(WAITED, numbers.get(WAITED) + 1);
        }
        boolean on = numbers.get(WAITED) < patience;
        over = !on || report.epoch() + 1 == report.epochs();
        return on;
    }

    @Override
    public void onTrainEnd(Training training, Trainer.Summary summary) {
        if (summary != null && over && scope != null && bestEpoch() >= 0) {
            Places.copy(values, parameters.values());
            parameters.copyBuffersFrom(buffers);
            parameters.changed();
        }
    }

    /** The best figure so far; NaN before the first epoch. */
    public double best() {
        return numbers.get(BEST);
    }

    /** The epoch that had it, from 0; -1 before the first. */
    public int bestEpoch() {
        return (int) numbers.get(BEST_EPOCH);
    }

    /** Epochs in a row that were not better. */
    public int waited() {
        return (int) numbers.get(WAITED);
    }

    @Override
    public List<NamedTensor> state() {
        List<NamedTensor> state = new ArrayList<>(List.of(numbers.tensor()));
        if (scope != null) {
            state.add(flat("values", values));
            state.add(flat("buffers", buffers));
        }
        return state;
    }

    private NamedTensor flat(String what, MemorySegment data) {
        return new NamedTensor(name + "." + what, TensorType.F32, new long[] {data.byteSize() / 4}, data);
    }

    @Override
    public void load(Function<String, NamedTensor> find) {
        numbers.load(find);
        if (scope != null) {
            values.copyFrom(find.apply(name + ".values").data());
            buffers.copyFrom(find.apply(name + ".buffers").data());
        }
    }

    @Override
    public void close() {
        if (scope != null) {
            scope.close();
        }
    }
}
