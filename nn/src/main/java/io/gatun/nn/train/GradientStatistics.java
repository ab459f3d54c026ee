package io.gatun.nn.train;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.memory.Places;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The gradients of each layer every so many batches, and which of them vanish or explode. One more pass over the gradients
 * in a batch that is looked at, nothing in the others.
 */
public final class GradientStatistics implements Callback {
    /** What a layer's gradients are. */
    public enum Health {
        GOOD,
        /** So small beside the largest layer's that the layer does not learn at the same rate. */
        VANISHING,
        /** So large that a step would throw the parameters away. */
        EXPLODING,
        /** NaN or infinite. */
        NON_FINITE
    }

    /**
     * The gradients of one layer, weights and biases together.
     *
     * @param layer its path; empty for parameters of the outermost module
     * @param norm 2-norm
     * @param rms norm / √count: comparable between layers of different sizes
     * @param largest absolute value
     */
    public record Layer(String layer, long count, double norm, double rms, double largest, Health health) {}

    private final int every;
    private final double vanishing;
    private final double exploding;
    private List<Layer> layers = List.of();

    /** Batch to look at, or the first one after it where updates are of several. */
    private long next;

    /** Every 100 batches; vanishing is an rms below 1e-4 of the largest layer's, exploding a norm above 1e3. */
    public GradientStatistics() {
        this(100, 1e-4, 1e3);
    }

    /**
     * @param every batches between two looks, the first one is looked at
     * @param vanishing share of the largest layer's rms
     * @param exploding norm
     */
    public GradientStatistics(int every, double vanishing, double exploding) {
        if (every < 1 || !(vanishing >= 0) || !(exploding > 0)) {
            throw new IllegalArgumentException("gradient statistics: every=" + every + " must be at least 1, vanishing="
                    + vanishing + " at least 0 and exploding=" + exploding + " above 0");
        }
        this.every = every;
        this.vanishing = vanishing;
        this.exploding = exploding;
    }

    @Override
    public void onTrainBegin(Training training) {
        next = 0;
    }

    @Override
    public void onGradients(Training training) {
        if (training.batches() >= next) {
            next = training.batches() / every * every + every;
            look(training.task().parameters());
        }
    }

    /** Of the batch that was looked at last, in the order of the model. */
    public List<Layer> layers() {
        return layers;
    }

    /** Those layers that are not {@link Health#GOOD}. */
    public List<Layer> sick() {
        return layers.stream().filter(layer -> layer.health != Health.GOOD).toList();
    }

    /** Looks at gradients now, between a backward and the optimizer's step. */
    public List<Layer> look(Parameters parameters) {
        try (Arena arena = Arena.ofConfined()) {
            return look(parameters, Places.onHost(parameters.gradientsToRead(), arena));
        }
    }

    private List<Layer> look(Parameters parameters, MemorySegment gradients) {
        long base = parameters.values().address();
        Map<String, Sum> sums = new LinkedHashMap<>();
        parameters.named().forEach((path, parameter) -> {
            if (parameter.trainable() && path.equals(parameter.label())) {
                String layer = path.contains(".") ? path.substring(0, path.lastIndexOf('.')) : "";
                sums.computeIfAbsent(layer, name -> new Sum()).add(gradients, base, parameter);
            }
        });
        double most = sums.values().stream().mapToDouble(Sum::rms).max().orElse(0);
        List<Layer> result = new ArrayList<>();
        sums.forEach((layer, sum) -> result.add(
                new Layer(layer, sum.count, Math.sqrt(sum.squares), sum.rms(), sum.largest, health(sum, most))));
        layers = List.copyOf(result);
        return layers;
    }

    private Health health(Sum sum, double most) {
        if (!Double.isFinite(sum.squares)) {
            return Health.NON_FINITE;
        }
        if (Math.sqrt(sum.squares) > exploding) {
            return Health.EXPLODING;
        }
        return sum.rms() < vanishing * most ? Health.VANISHING : Health.GOOD;
    }

    private static final class Sum {
        private long count;
        private double squares;
        private double largest;

        private void add(MemorySegment gradients, long base, Parameter parameter) {
            long first = (parameter.memory().address() - base) / Float.BYTES;
            long n = parameter.shape().elements();
            for (long i = 0; i < n; i++) {
                double g = gradients.getAtIndex(ValueLayout.JAVA_FLOAT, first + i);
                squares += g * g;
                largest = Math.max(largest, Math.abs(g));
            }
            count += n;
        }

        private double rms() {
            return Math.sqrt(squares / count);
        }
    }
}
