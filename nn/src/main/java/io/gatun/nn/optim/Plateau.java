package io.gatun.nn.optim;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Function;

/**
 * Lowers an optimizer's rates when a metric has stopped improving (torch.optim.lr_scheduler.ReduceLROnPlateau). It depends
 * on more than the step's number, so it is no {@link Schedule}: it multiplies whatever the schedules say, and its state
 * goes into the optimizer's checkpoints.
 */
public final class Plateau implements Companion, AutoCloseable {
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE;
    private static final int BEST = 0;
    private static final int BAD = 1;
    private static final int WAIT = 2;
    private static final int FACTOR = 3;

    private final Optimizer optimizer;
    private final Options options;
    private final ParameterScope scope;
    private final MemorySegment state;

    /**
     * When and by how much.
     *
     * @param factor of the rates, below 1
     * @param patience observations without improvement that are let pass
     * @param threshold the least improvement that counts
     * @param relative the threshold is a share of the best, which then is above 0; else a difference
     * @param cooldown observations after a reduction that count for nothing
     * @param minimum below which the rate of the optimizer is not lowered
     * @param largerIsBetter for an accuracy; false for a loss
     */
    public record Options(
            float factor,
            int patience,
            float threshold,
            boolean relative,
            int cooldown,
            float minimum,
            boolean largerIsBetter) {
        /** PyTorch's: a tenth after 10 observations of a loss, threshold 1e-4 relative. */
        public static final Options DEFAULT = new Options(0.1f, 10, 1e-4f, true, 0, 0, false);

        /** @throws IllegalArgumentException if the factor is not below 1, or a number negative */
        public Options {
            if (!(factor > 0 && factor < 1 && patience >= 0 && threshold >= 0 && cooldown >= 0 && minimum >= 0)) {
                throw new IllegalArgumentException("plateau: factor=" + factor + " must be within 0 and 1, patience="
                        + patience + ", threshold=" + threshold + ", cooldown=" + cooldown + " and minimum=" + minimum
                        + " at least 0");
            }
        }

        public Options withPatience(int newPatience) {
            return new Options(factor, newPatience, threshold, relative, cooldown, minimum, largerIsBetter);
        }

        public Options withFactor(float newFactor) {
            return new Options(newFactor, patience, threshold, relative, cooldown, minimum, largerIsBetter);
        }
    }

    /** Attaches itself to the optimizer. */
    public Plateau(NativeMemory memory, Optimizer optimizer, Options options) {
        this.optimizer = optimizer;
        this.options = options;
        this.scope = memory.onHost().parameters("plateau");
        this.state = scope.allocate(4 * Double.BYTES, "plateau state");
        set(BEST, options.largerIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
        set(BAD, 0);
        set(WAIT, 0);
        set(FACTOR, 1);
        optimizer.attach(this);
    }

    /**
     * Tells it the metric; NaN is no improvement.
     *
     * @return whether the rates were lowered
     */
    public boolean observe(double metric) {
        if (better(metric)) {
            set(BEST, metric);
            set(BAD, 0);
        } else {
            set(BAD, get(BAD) + 1);
        }
        if (get(WAIT) > 0) {
            set(WAIT, get(WAIT) - 1);
            set(BAD, 0);
        }
        if (get(BAD) <= options.patience) {
            return false;
        }
        set(WAIT, options.cooldown);
        set(BAD, 0);
        return lower();
    }

    private boolean better(double metric) {
        double best = get(BEST);
        double sign = options.largerIsBetter ? 1 : -1;
        double bound = options.relative ? best * (1 + sign * options.threshold) : best + sign * options.threshold;
        return options.largerIsBetter ? metric > bound : metric < bound;
    }

    /**
     * Lowers the rates now, as a plateau does; for a training whose numbers have blown up.
     *
     * @return false where they are at the minimum
     */
    public boolean lower() {
        double rate = optimizer.learningRate();
        double next = Math.max(rate * options.factor, options.minimum);
        // PyTorch's eps: a smaller change is none.
        if (!(rate - next > 1e-8)) {
            return false;
        }
        set(FACTOR, get(FACTOR) * (next / rate));
        optimizer.rateFactor(get(FACTOR));
        return true;
    }

    /** The best metric so far; infinite before the first. */
    public double best() {
        return get(BEST);
    }

    /** What the rates are multiplied by now. */
    public double factor() {
        return get(FACTOR);
    }

    private double get(int index) {
        return state.getAtIndex(F64, index);
    }

    private void set(int index, double value) {
        state.setAtIndex(F64, index, value);
    }

    @Override
    public List<NamedTensor> save() {
        return List.of(new NamedTensor("plateau", TensorType.F64, new long[] {4}, state));
    }

    @Override
    public void load(Function<String, NamedTensor> find) {
        save().forEach(own -> FlatStates.restore(own, find));
        optimizer.rateFactor(get(FACTOR));
    }

    @Override
    public void close() {
        scope.close();
    }
}
