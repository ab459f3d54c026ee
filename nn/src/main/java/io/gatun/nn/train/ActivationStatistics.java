package io.gatun.nn.train;

import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.memory.Places;
import io.gatun.nn.Module;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the layers of a model put out over the batches that it is shown: mean and deviation, which tell at step 0 whether
 * the first weights are too large or too small (they should stay near one from layer to layer), and the shares of
 * saturated values and of dead units. Observes through forward hooks, so in passes that really run: an evaluation, or a
 * forward of your own; a repeated captured step is not seen. Close it to stop observing. One thread.
 */
public final class ActivationStatistics implements AutoCloseable {
    /**
     * What one layer put out.
     *
     * @param path of the module
     * @param mean of all values
     * @param deviation standard deviation of all values
     * @param zeros share of values that are exactly 0: after a ReLU, those that pass no gradient
     * @param saturated share of values where the slope is below the limit, 0 where the layer's slope is not known
     * @param dead units (entries of the last axis) that were 0, or saturated, in every row seen
     * @param units length of the last axis
     */
    public record Layer(
            String path,
            String kind,
            long values,
            double mean,
            double deviation,
            double zeros,
            double saturated,
            int dead,
            int units) {}

    /** f' as a function of f's result. */
    @FunctionalInterface
    public interface Slope {
        double at(double result);
    }

    /** σ' = f (1 - f). */
    public static final Slope SIGMOID = f -> f * (1 - f);

    /** tanh' = 1 - f². */
    public static final Slope TANH = f -> 1 - f * f;

    /** 0 where the result is 0. */
    public static final Slope RELU = f -> f == 0 ? 0 : 1;

    private static final double LIMIT = 1e-3;

    private final Map<String, Sum> sums = new LinkedHashMap<>();
    private final List<Module.Registration> registrations = new ArrayList<>();

    private ActivationStatistics() {}

    /** All modules without children; a value is saturated where the layer is in {@code slopes} and |f'| is below 0.001. */
    public static ActivationStatistics observe(Module model, Map<String, Slope> slopes) {
        ActivationStatistics statistics = new ActivationStatistics();
        Map<String, Module> modules = model.modules();
        slopes.keySet().forEach(path -> {
            if (!modules.containsKey(path)) {
                throw new IllegalArgumentException("no module is named '" + path + "'; there are " + modules.keySet());
            }
        });
        modules.forEach((path, module) -> {
            if (module.modules().size() == 1) {
                statistics.registrations.add(module.onForward((seen, src, dst) -> statistics
                        .sums
                        .computeIfAbsent(path, p -> new Sum(seen, slopes.get(p)))
                        .add(dst)));
            }
        });
        return statistics;
    }

    /** As above without slopes: only zeros count as dead. */
    public static ActivationStatistics observe(Module model) {
        return observe(model, Map.of());
    }

    /** Layers in the order in which they first ran. */
    public List<Layer> layers() {
        List<Layer> layers = new ArrayList<>();
        sums.forEach((path, sum) -> layers.add(sum.layer(path)));
        return layers;
    }

    /** Forgets what was seen. */
    public void reset() {
        sums.clear();
    }

    @Override
    public void close() {
        registrations.forEach(Module.Registration::close);
    }

    private static final class Sum {
        private final String kind;
        private final Slope slope;
        private long values;
        private double mean;
        private double squares;
        private long zeros;
        private long saturated;
        private boolean[] alive = {};

        Sum(Module module, Slope slope) {
            this.kind = module.getClass().getSimpleName();
            this.slope = slope;
        }

        void add(Tensor result) {
            if (!result.type().floating() || result.shape().rank() == 0) {
                return;
            }
            try (Arena arena = Arena.ofConfined()) {
                add(result, Places.onHost(result.to(DType.F32).memory(), arena));
            }
        }

        private void add(Tensor result, MemorySegment data) {
            int units = result.shape().dim(result.shape().rank() - 1);
            if (alive.length != units) {
                alive = new boolean[units];
            }
            long n = result.shape().elements();
            for (long i = 0; i < n; i++) {
                double value = data.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                // Welford's: a sum of squares would lose the deviation of a layer whose mean is large.
                values++;
                double apart = value - mean;
                mean += apart / values;
                squares += apart * (value - mean);
                boolean flat = slope != null && Math.abs(slope.at(value)) < LIMIT;
                zeros += value == 0 ? 1 : 0;
                saturated += flat ? 1 : 0;
                alive[(int) (i % units)] |= value != 0 && !flat;
            }
        }

        Layer layer(String path) {
            int dead = 0;
            for (boolean unit : alive) {
                dead += unit ? 0 : 1;
            }
            return new Layer(
                    path,
                    kind,
                    values,
                    mean,
                    Math.sqrt(squares / values),
                    (double) zeros / values,
                    (double) saturated / values,
                    dead,
                    alive.length);
        }
    }
}
