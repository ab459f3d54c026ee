package io.gatun.nn.optim;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Update;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.nn.io.NamedTensor;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.ClipNormSpec;
import io.gatun.spec.ReduceSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Updates the parameters of a model in one fused pass over its flat buffers, which also scales and clips the gradients and
 * decays the weights. Parameter groups and frozen parameters cut the pass: one call for each stretch of memory with the
 * same rule.
 *
 * <p>The order is PyTorch's: the mean over micro-batches, {@link #clipNorm}, {@link #clipValue}, weight decay, the rule.
 * A frozen parameter ({@code requiresGrad(false)}) neither moves nor decays, and its steps begin to count when it is
 * thawed. A parameter that a backward did not reach has the gradient zero: unlike PyTorch, which skips one without a
 * gradient, its momentum goes on and it decays.
 *
 * <p>One thread at a time. Close it before the parameters.
 */
public abstract sealed class Optimizer implements AutoCloseable permits Sgd, Adagrad, RmsProp, Adam, AdamW {
    private static final String PREFIX = "optimizer";
    private static final String MISSED = PREFIX + ".missed";
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;
    private static final int EXPONENT = 0x7F80_0000;

    private final Parameters parameters;
    private final Schedule schedule;
    private final ParameterScope scope;

    /** What Java reads and writes; on the host the same. */
    private final ParameterScope hostScope;

    private final FlatStates states;
    private final MemorySegment sumOfSquares;
    private final Plan squares;
    private final Kernels kernels;

    private final Ranges ranges;
    private Companion[] companions = {};

    /** Writes what norms leave of the gradients' scale where the ranges read it; null for no clipping. */
    private Plan clip;

    /** What the last step multiplied gradients by before clipping. */
    private float scale = Float.NaN;

    private double rateFactor = 1;
    private float fixedRate = Float.NaN;
    private long steps;

    Optimizer(String name, Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule, Rule rule) {
        requireOnePlace(kernels, memory, parameters);
        this.kernels = kernels;
        this.parameters = parameters;
        this.schedule = schedule;
        this.squares = kernels.plan(ReduceSpec.all(ReduceSpec.Op.SUM_SQUARES, Math.toIntExact(parameters.count())));
        this.scope = memory.parameters(name);
        this.hostScope = memory.place().isHost() ? scope : memory.onHost().parameters(name + " counters");
        this.states = new FlatStates(PREFIX, parameters, scope);
        try {
            this.sumOfSquares = scope.allocate(Float.BYTES, name + " norm");
            this.ranges =
                    new Ranges(kernels, parameters, scope, hostScope, states, new Ranges.Group(schedule, 1, rule));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static void requireOnePlace(Kernels kernels, NativeMemory memory, Parameters parameters) {
        Place place = kernels.memory().place();
        Place values = Place.of(parameters.values());
        if (memory.place() != place || values != place) {
            throw new IllegalArgumentException("an optimizer of kernels on " + place.name() + " cannot have memory on "
                    + memory.place().name() + " and parameters on " + values.name()
                    + "; give it and the model the kernels' memory()");
        }
    }

    /**
     * Gives some parameters a rate and options of their own, before the first step. The options may be another
     * optimizer's: weights by AdamW, embeddings by SGD.
     *
     * @param names which parameters, by their names ({@code name -> name.startsWith("backbone.")})
     * @param rateFactor of the optimizer's schedule
     * @throws IllegalArgumentException if no parameter has such a name, or one is in another group already
     */
    public final Optimizer group(Predicate<String> names, float rateFactor, Rule options) {
        if (!(rateFactor >= 0 && Float.isFinite(rateFactor))) {
            throw new IllegalArgumentException(
                    "a group's factor " + rateFactor + " of the rate is not finite or negative");
        }
        return group(names, new Ranges.Group(schedule, rateFactor, options));
    }

    /** As {@link #group(Predicate, float, Rule)}, with a schedule of its own. */
    public final Optimizer group(Predicate<String> names, Schedule own, Rule options) {
        return group(names, new Ranges.Group(own, 1, options));
    }

    private Optimizer group(Predicate<String> names, Ranges.Group group) {
        if (steps > 0) {
            throw new IllegalStateException("groups are made before the first step, not after " + steps);
        }
        ranges.add(names, group);
        return this;
    }

    /** Which parameters weight decay applies to; by default those with more than one axis, so no biases and no norms. */
    public final Optimizer decay(Predicate<Parameter> which) {
        ranges.decay(which);
        return this;
    }

    /** Scales gradients so that their global 2-norm is at most {@code norm}; infinity turns clipping off. */
    public final Optimizer clipNorm(float norm) {
        clip = positive(norm, "clip norm ") == Float.POSITIVE_INFINITY ? null : kernels.plan(new ClipNormSpec(norm));
        ranges.renew(steps);
        return this;
    }

    /** Bounds each number of the gradients to ±{@code value}, in the same pass; infinity turns clipping off. */
    public final Optimizer clipValue(float value) {
        ranges.clip(positive(value, "clip value "));
        return this;
    }

    private static float positive(float value, String what) {
        if (!(value > 0)) {
            throw new IllegalArgumentException(what + value + " is not positive");
        }
        return value;
    }

    /** Adds something that is told of each step, once however often it is added, and saved with this; see {@link Companion}. */
    public final Optimizer attach(Companion companion) {
        for (Companion other : companions) {
            if (other == companion) {
                return this;
            }
        }
        companions = Arrays.copyOf(companions, companions.length + 1);
        companions[companions.length - 1] = companion;
        return this;
    }

    /** base^exponent by squaring: StrictMath.pow makes 96 B of garbage. */
    static double power(double base, long exponent) {
        double result = 1;
        for (long left = exponent; left > 0; left >>= 1) {
            result = (left & 1) == 1 ? result * base : result;
            base *= base;
        }
        return result;
    }

    static void put(MemorySegment hyper, float first, float second, float third, float fourth) {
        hyper.setAtIndex(F32, 0, first);
        hyper.setAtIndex(F32, 1, second);
        hyper.setAtIndex(F32, 2, third);
        hyper.setAtIndex(F32, 3, fourth);
    }

    /**
     * One step with the schedule's rate; the gradients are empty afterwards and read as zeros. Allocates nothing, but for
     * the 64 bytes of a schedule's cosine, unless
     * parameters were frozen or thawed since the last one.
     *
     * @throws IllegalStateException if this or the parameters were closed
     * @throws io.gatun.memory.NativeMemoryException if a kernel's scratch memory is not to be had. After any exception
     *     nothing has changed
     */
    public final void step() {
        step(1);
    }

    /**
     * One step on the mean of the gradients that as many backwards have added up: gradient accumulation. Where each
     * micro-batch has as many examples as the others and its loss is their mean, this is the step of the one large batch.
     * {@link #step()} takes the sum as it is.
     *
     * @param microBatches how many backwards since the last step, at least 1
     */
    public final void step(int microBatches) {
        if (microBatches < 1) {
            throw new IllegalArgumentException("a step on " + microBatches + " micro-batches is not possible");
        }
        if (!sumOfSquares.scope().isAlive()) {
            throw new IllegalStateException("the optimizer was closed; make a new one to train on");
        }
        Ranges.Range[] cut = prepare(1f / microBatches);
        ranges.send();
        run(cut);
        done();
    }

    /** Whether all gradients are numbers: one pass over them, and on a device a wait. */
    public final boolean gradientsFinite() {
        MemorySegment gradients = parameters.gradientsToRead();
        if (!Place.of(gradients).isHost()) {
            // A number that is not finite leaves no finite sum.
            int count = Math.toIntExact(parameters.count());
            kernels.plan(ReduceSpec.all(ReduceSpec.Op.SUM, count)).run(gradients, sumOfSquares);
            return Float.isFinite(Places.first(sumOfSquares));
        }
        int bad = 0;
        for (long i = 0; i < parameters.count(); i++) {
            int bits = gradients.getAtIndex(ValueLayout.JAVA_INT, i);
            bad |= (bits & EXPONENT) == EXPONENT ? 1 : 0;
        }
        return bad == 0;
    }

    /** Multiplies all gradients. */
    final void scaleGradients(float factor) {
        // The other operand, any finite numbers, counts nothing times.
        kernels.plan(new AxpbySpec(parameters.count(), 0, factor)).run(parameters.values(), parameters.gradients());
    }

    private Ranges.Range[] prepare(float gradientScale) {
        scale = gradientScale;
        Ranges.Range[] cut = ranges.after(steps);
        for (Ranges.Range range : cut) {
            range.prepare(rate(range.group()), gradientScale, steps);
        }
        return cut;
    }

    private void run(Ranges.Range[] cut) {
        MemorySegment gradients = parameters.gradientsToRead();
        if (clip != null) {
            squares.run(gradients, sumOfSquares);
            for (Ranges.Range range : cut) {
                clip.run(sumOfSquares, range.hyperHere());
            }
        }
        for (Ranges.Range range : cut) {
            range.run();
        }
    }

    private void done() {
        steps++;
        parameters.stepped();
        for (Companion companion : companions) {
            companion.stepped(steps);
        }
    }

    /** {@link #step()} in the parts that a captured step runs one by one ({@code CapturedStep.train}). */
    public final Update update() {
        return new Update() {
            @Override
            public Object prepare() {
                if (!sumOfSquares.scope().isAlive()) {
                    throw new IllegalStateException("the optimizer was closed; make a new one to train on");
                }
                return Optimizer.this.prepare(1);
            }

            @Override
            public MemorySegment numbers() {
                return ranges.numbers();
            }

            @Override
            public void run(MemorySegment numbers) {
                Optimizer.this.run(ranges.reading(numbers));
            }

            @Override
            public void done() {
                Optimizer.this.done();
            }
        };
    }

    private float rate(Ranges.Group group) {
        float base = Float.isNaN(fixedRate) ? group.schedule().learningRate(steps) : fixedRate;
        return (float) (base * group.factor() * rateFactor);
    }

    /** Steps done. */
    public final long steps() {
        return steps;
    }

    /** The rate that the next step will use for parameters in no group of their own. */
    public final float learningRate() {
        return rate(ranges.group(0));
    }

    /** The rate that the next step will use for a group, 1 for the first that was made. */
    public final float learningRate(int group) {
        return rate(ranges.group(group));
    }

    /** What all rates are multiplied by besides. */
    final double rateFactor() {
        return rateFactor;
    }

    final void rateFactor(double factor) {
        rateFactor = factor;
    }

    /** A rate in place of all schedules'; NaN for theirs. */
    final void fixedRate(float rate) {
        fixedRate = rate;
    }

    /** The global norm before clipping in the last step; NaN where nothing is clipped. */
    public final float gradientNorm() {
        return clip == null || Float.isNaN(scale) ? Float.NaN : scale * (float) Math.sqrt(Places.first(sumOfSquares));
    }

    /** Where the learning rate comes from. */
    public final Schedule schedule() {
        return schedule;
    }

    final Parameters parameters() {
        return parameters;
    }

    /**
     * The state of each parameter, named {@code optimizer.STATE.PARAMETER}, how many steps each was frozen in, and the
     * companions' state: views, valid until the next step.
     */
    public final List<NamedTensor> save() {
        List<NamedTensor> tensors = new ArrayList<>(states.save());
        tensors.add(ranges.save(MISSED, steps));
        for (Companion companion : companions) {
            tensors.addAll(companion.save());
        }
        return tensors;
    }

    /**
     * Brings back what {@link #save} gave.
     *
     * @param find a tensor by name; throws when it has none
     * @param stepsDone {@link #steps()} at that time
     * @throws IllegalArgumentException when a tensor's shape is not its parameter's; the state may be half loaded then
     */
    public final void load(Function<String, NamedTensor> find, long stepsDone) {
        if (stepsDone < 0) {
            throw new IllegalArgumentException("an optimizer cannot have done " + stepsDone + " steps");
        }
        states.load(find);
        ranges.load(MISSED, find, stepsDone);
        for (Companion companion : companions) {
            companion.load(find);
        }
        steps = stepsDone;
    }

    @Override
    public void close() {
        scope.close();
        hostScope.close();
    }
}
