package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.spec.LerpSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * An average of a model's weights over its training, as torch.optim.swa_utils.AveragedModel: the first update copies the
 * weights, so nothing is biased towards zero; later ones move the average by one pass over memory (8 bytes read and 4
 * written an element). Running statistics are not averaged: {@link BatchNormStatistics} computes them anew.
 *
 * <p>One thread at a time. Close it before the parameters.
 */
public final class WeightAverage implements Companion, AutoCloseable {
    private static final String WEIGHTS = "weights";
    private static final int CHUNK = 1 << 16;

    private final String name;
    private final Parameters parameters;
    private final ParameterScope scope;

    /** What Java reads and writes; on the host the same. */
    private final ParameterScope hostScope;

    private final FlatStates states;
    private final MemorySegment average;
    private final MemorySegment share;
    private final MemorySegment nextShare;
    private final MemorySegment spare;
    private final MemorySegment updates;

    /** What the running statistics were when the average came into use. */
    private final MemorySegment buffers;

    /** 1 while the model has the average and this the trained weights, so that a checkpoint of that moment says so. */
    private final MemorySegment exchanged;

    private final Plan lerp;

    /** What the average keeps of itself; NaN for the mean of all. */
    private final float decay;

    private boolean warmUp;
    private long from;
    private long every = 1;

    private WeightAverage(String name, Kernels kernels, NativeMemory memory, Parameters parameters, float decay) {
        this.name = name;
        this.parameters = parameters;
        this.decay = decay;
        this.lerp = kernels.plan(new LerpSpec(parameters.count()));
        this.scope = memory.parameters(name);
        this.hostScope = memory.place().isHost() ? scope : memory.onHost().parameters(name + " counters");
        this.states = new FlatStates(name, parameters, scope);
        try {
            average = states.get(WEIGHTS);
            share = scope.allocate(Float.BYTES, name + " share");
            spare = scope.allocate(CHUNK, name + " spare");
            nextShare = hostScope.allocate(Float.BYTES, name + " share");
            updates = hostScope.allocate(Long.BYTES, name + " updates");
            updates.fill((byte) 0);
            exchanged = hostScope.allocate(Long.BYTES, name + " exchanged");
            exchanged.fill((byte) 0);
            buffers = hostScope.allocate(parameters.buffers().byteSize(), name + " buffers");
            parameters.copyBuffersTo(buffers);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * The exponential moving average: w̄ = decay · w̄ + (1 − decay) · w.
     *
     * @param decay within 0 and 1, as 0.999
     */
    public static WeightAverage ema(Kernels kernels, NativeMemory memory, Parameters parameters, float decay) {
        if (!(decay >= 0 && decay <= 1)) {
            throw new IllegalArgumentException("a moving average's decay of " + decay + " is not within 0 and 1");
        }
        return new WeightAverage("ema", kernels, memory, parameters, decay);
    }

    /** The mean of all updates, w̄ = (n · w̄ + w) / (n + 1): stochastic weight averaging (Izmailov et al. 2018). */
    public static WeightAverage swa(Kernels kernels, NativeMemory memory, Parameters parameters) {
        return new WeightAverage("swa", kernels, memory, parameters, Float.NaN);
    }

    /** A moving average whose decay is at most (1 + n) / (10 + n) at update n: it follows fast at first. */
    public WeightAverage warmUp() {
        warmUp = true;
        return this;
    }

    /**
     * Which of the optimizer's steps update it where it is attached: by default each.
     *
     * @param first the number of steps after which the first update comes
     * @param interval steps from one to the next
     */
    public WeightAverage when(long first, long interval) {
        if (first < 1 || interval < 1) {
            throw new IllegalArgumentException(
                    "an average from step " + first + " every " + interval + " steps is not possible");
        }
        from = first;
        every = interval;
        return this;
    }

    @Override
    public void stepped(long steps) {
        if (steps >= from && (steps - from) % every == 0) {
            update();
        }
    }

    /** Takes the weights as they are into the average. Allocates nothing. */
    public void update() {
        refuseInUse("updated");
        long n = updates();
        if (n == 0) {
            Places.copy(parameters.values(), average);
        } else {
            nextShare.set(ValueLayout.JAVA_FLOAT, 0, share(n));
            Places.copy(nextShare, share);
            lerp.run(parameters.values(), average, share);
        }
        updates.set(ValueLayout.JAVA_LONG, 0, n + 1);
    }

    private float share(long n) {
        if (Float.isNaN(decay)) {
            return (float) (1.0 / (n + 1));
        }
        double kept = warmUp ? Math.min(decay, (1.0 + n) / (10 + n)) : decay;
        return (float) (1 - kept);
    }

    /** Updates so far. */
    public long updates() {
        return updates.get(ValueLayout.JAVA_LONG, 0);
    }

    /** What puts the trained weights back. */
    public interface Use extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Exchanges the model's weights with the average until the result is closed, which brings the running statistics back too:
     * {@link BatchNormStatistics} may compute those of the average meanwhile. What is saved meanwhile has the average under
     * the parameters' names, and {@link #load} exchanges it back.
     *
     * @throws IllegalStateException before the first update, or if the average is in use
     */
    public Use use() {
        refuseInUse("used twice");
        if (updates() == 0) {
            throw new IllegalStateException("the average " + name + " has no weights yet; update it first");
        }
        parameters.copyBuffersTo(buffers);
        exchange();
        inUse(true);
        return () -> {
            if (inUse()) {
                giveBack();
            }
        };
    }

    private void giveBack() {
        parameters.copyBuffersFrom(buffers);
        exchange();
        inUse(false);
    }

    private boolean inUse() {
        return exchanged.get(ValueLayout.JAVA_LONG, 0) != 0;
    }

    private void inUse(boolean now) {
        exchanged.set(ValueLayout.JAVA_LONG, 0, now ? 1 : 0);
    }

    /** Makes the average the model's weights for good. */
    public void keep() {
        use();
        inUse(false);
    }

    private void exchange() {
        MemorySegment values = parameters.values();
        for (long at = 0; at < values.byteSize(); at += CHUNK) {
            long bytes = Math.min(CHUNK, values.byteSize() - at);
            MemorySegment own = values.asSlice(at, bytes);
            MemorySegment averaged = average.asSlice(at, bytes);
            Places.copy(own, spare);
            Places.copy(averaged, own);
            Places.copy(spare.asSlice(0, bytes), averaged);
        }
        parameters.changed();
    }

    private void refuseInUse(String what) {
        if (inUse()) {
            throw new IllegalStateException("the average " + name + " cannot be " + what
                    + " while the model has its weights; close what use() gave");
        }
    }

    @Override
    public List<NamedTensor> save() {
        List<NamedTensor> tensors = new ArrayList<>(states.save());
        tensors.add(new NamedTensor(name + ".updates", TensorType.I64, new long[] {1}, updates));
        tensors.add(new NamedTensor(name + ".exchanged", TensorType.I64, new long[] {1}, exchanged));
        tensors.add(new NamedTensor(name + ".buffers", TensorType.F32, new long[] {buffers.byteSize() / 4}, buffers));
        return tensors;
    }

    /** Brings back what {@link #save} gave; the parameters must have been loaded before. */
    @Override
    public void load(Function<String, NamedTensor> find) {
        refuseInUse("loaded");
        save().forEach(own -> FlatStates.restore(own, find));
        if (inUse()) {
            giveBack();
        }
    }

    @Override
    public void close() {
        scope.close();
        hostScope.close();
    }
}
