package io.gatun.nn.optim;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.DType;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.nn.Module;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Batch norms' running statistics for weights that were never trained with them, those of an average
 * (torch.optim.swa_utils.update_bn): the mean over some batches, each with the same weight.
 */
public final class BatchNormStatistics {
    private BatchNormStatistics() {}

    /**
     * Sets the {@code running_mean} and {@code running_var} of all batch norms of the model to the mean of those of the
     * batches, whatever their momentum, and {@code num_batches_tracked} to the number of batches. Dropout drops
     * meanwhile, as in PyTorch; afterwards each module is in training or not as it was.
     *
     * @param batches how many, at least 1
     * @param forward runs the model on the batch of that number, from 0, without gradients; batch 0 is asked for twice
     */
    public static void update(Module model, int batches, IntConsumer forward) {
        if (batches < 1) {
            throw new IllegalArgumentException("running statistics of " + batches + " batches are not possible");
        }
        Parameters parameters = model.parameters();
        Map<Module, Boolean> modes = new LinkedHashMap<>();
        model.modules().values().forEach(module -> modes.put(module, module.training()));
        Map<Parameter, Running> running = new LinkedHashMap<>();
        parameters.named().forEach((name, buffer) -> {
            if (!buffer.trainable() && (name.endsWith("running_mean") || name.endsWith("running_var"))) {
                running.put(buffer, new Running(buffer.memory()));
            }
        });
        model.train();
        try {
            // A norm computes (1 - momentum) * old + momentum * new: from two olds follows its momentum, from 0 the
            // new.
            running.values().forEach(Running::probe);
            parameters.changed();
            forward.accept(0);
            running.values().forEach(Running::probed);
            for (int batch = 0; batch < batches; batch++) {
                running.values().forEach(Running::empty);
                parameters.changed();
                forward.accept(batch);
                int seen = batch;
                running.values().forEach(statistic -> statistic.add(seen == 0));
            }
        } finally {
            running.values().forEach(statistic -> statistic.settle(batches));
            modes.forEach((module, training) -> {
                if (training) {
                    module.train();
                } else {
                    module.eval();
                }
            });
        }
        parameters.named().forEach((name, buffer) -> {
            if (name.endsWith("num_batches_tracked") && buffer.type() == DType.I64) {
                buffer.data().set(ValueLayout.JAVA_LONG, 0, batches);
            }
        });
        parameters.changed();
    }

    /** One buffer: what it was, and the sum of what the batches gave. */
    private static final class Running {
        /** Large against any statistic, so that the momentum comes out to the last bits. */
        private static final float PROBE = 0x1p40f;

        private final MemorySegment values;
        private final float[] before;
        private final double[] sums;
        private float probed;
        private double momentum;
        private int added;

        Running(MemorySegment values) {
            this.values = values;
            this.before = Places.floats(values);
            this.sums = new double[before.length];
        }

        void probe() {
            fill(PROBE);
        }

        void probed() {
            probed = Places.first(values);
        }

        void empty() {
            fill(0);
        }

        private void fill(float value) {
            Place.of(values).fill(values, value);
        }

        void add(boolean first) {
            if (first) {
                momentum = 1 - ((double) probed - Places.first(values)) / PROBE;
            }
            float[] now = Places.floats(values);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += now[i] / momentum;
            }
            added++;
        }

        /** The mean; what it was before if the model did not use this norm or something failed. */
        void settle(int batches) {
            boolean used = added == batches && momentum > 1e-6;
            float[] settled = before.clone();
            for (int i = 0; used && i < sums.length; i++) {
                settled[i] = (float) (sums[i] / batches);
            }
            Places.write(settled, values);
        }
    }
}
