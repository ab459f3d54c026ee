package io.gatun.nn.optim;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.spec.ReduceSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Updates all parameters of a model in one fused pass over its flat buffers, which also scales the gradients. With a clip
 * norm c, one more pass takes the global 2-norm and the gradients are scaled by min(1, c / (norm + 1e-6)), as PyTorch's
 * {@code clip_grad_norm_} does.
 *
 * <p>Parameters that were frozen after the model was built have a zero gradient but are still decayed. One thread at a
 * time. Close it before the parameters.
 */
public abstract sealed class Optimizer implements AutoCloseable permits Sgd, AdamW {
    private static final String PREFIX = "optimizer.";

    private final Parameters parameters;
    private final Schedule schedule;
    private final ParameterScope scope;
    private final MemorySegment hyper;
    private final MemorySegment sumOfSquares;
    private final Plan squares;
    private float clipNorm = Float.POSITIVE_INFINITY;
    private float gradientNorm = Float.NaN;
    private long steps;

    Optimizer(String name, Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule) {
        this.parameters = parameters;
        this.schedule = schedule;
        this.squares = kernels.plan(ReduceSpec.all(ReduceSpec.Op.SUM_SQUARES, Math.toIntExact(parameters.count())));
        this.scope = memory.parameters(name);
        try {
            this.hyper = scope.allocate(4 * Float.BYTES, name + " hyper");
            this.sumOfSquares = scope.allocate(Float.BYTES, name + " norm");
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    /** State of the parameters' layout, zero at first. */
    final MemorySegment state(String name) {
        try {
            MemorySegment state = scope.allocate(4 * parameters.count(), PREFIX + name);
            // Debug mode fills fresh memory with NaN.
            return state.fill((byte) 0);
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    /** Scales gradients so that their global 2-norm is at most {@code norm}; infinity turns clipping off. */
    public final Optimizer clipNorm(float norm) {
        if (!(norm > 0)) {
            throw new IllegalArgumentException("clip norm " + norm + " is not positive");
        }
        clipNorm = norm;
        return this;
    }

    /**
     * One step with the schedule's rate; the gradients are empty afterwards and read as zeros. Allocates nothing.
     *
     * @throws IllegalStateException if this or the parameters were closed
     * @throws io.gatun.memory.NativeMemoryException if a kernel's scratch memory is not to be had. After any exception
     *     nothing has changed
     */
    public final void step() {
        if (!hyper.scope().isAlive()) {
            throw new IllegalStateException("the optimizer was closed; make a new one to train on");
        }
        float rate = schedule.learningRate(steps);
        float scale = 1;
        MemorySegment gradients = parameters.gradientsToRead();
        if (clipNorm < Float.POSITIVE_INFINITY) {
            squares.run(gradients, sumOfSquares);
            gradientNorm = (float) Math.sqrt(sumOfSquares.get(ValueLayout.JAVA_FLOAT, 0));
            scale = Math.min(1, clipNorm / (gradientNorm + 1e-6f));
        }
        update(gradients, hyper, rate, scale, steps);
        steps++;
        parameters.stepped();
    }

    /** Fills {@code hyper} and runs the fused kernel of step {@code step}, 0 for the first. */
    abstract void update(MemorySegment gradients, MemorySegment hyper, float rate, float gradientScale, long step);

    /** The state buffers by name, each of the parameters' layout. */
    abstract Map<String, MemorySegment> states();

    /** Steps done. */
    public final long steps() {
        return steps;
    }

    /** The rate that the next step will use. */
    public final float learningRate() {
        return schedule.learningRate(steps);
    }

    /** The global norm before clipping in the last step; NaN where nothing is clipped. */
    public final float gradientNorm() {
        return gradientNorm;
    }

    public final Schedule schedule() {
        return schedule;
    }

    final Parameters parameters() {
        return parameters;
    }

    /** The state of each parameter, named {@code optimizer.STATE.PARAMETER}: views, valid until the next step. */
    public final List<NamedTensor> save() {
        List<NamedTensor> tensors = new ArrayList<>();
        visit((name, state, shape) -> tensors.add(new NamedTensor(name, TensorType.F32, shape, state)));
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
        visit((name, state, shape) -> {
            NamedTensor tensor = find.apply(name);
            if (tensor.type() != TensorType.F32 || !Arrays.equals(tensor.shape(), shape)) {
                throw new IllegalArgumentException(
                        tensor + " does not fit " + name + " F32" + Arrays.toString(shape) + " of this optimizer");
            }
            state.copyFrom(tensor.data());
        });
        steps = stepsDone;
    }

    private interface Visitor {
        void visit(String name, MemorySegment state, long[] shape);
    }

    private void visit(Visitor visitor) {
        long base = parameters.values().address();
        states().forEach((kind, flat) -> parameters.named().forEach((path, parameter) -> {
            if (parameter.trainable() && path.equals(parameter.label())) {
                visitor.visit(PREFIX + kind + "." + path, slice(flat, base, parameter), shape(parameter));
            }
        }));
    }

    private static MemorySegment slice(MemorySegment flat, long base, Parameter parameter) {
        return flat.asSlice(
                parameter.data().address() - base, 4 * parameter.shape().elements());
    }

    private static long[] shape(Parameter parameter) {
        return Arrays.stream(parameter.shape().dims()).asLongStream().toArray();
    }

    @Override
    public void close() {
        scope.close();
    }
}
