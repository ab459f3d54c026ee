package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.StepSlab;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The context of one training step: the memory of its activations and gradients, and the record of its operations.
 * {@link #reset} begins the next step in O(1); tensors of earlier steps throw when used.
 *
 * <p>Not thread-safe. For inference on many threads give each its own tape and share the {@link Kernels} and the
 * parameters.
 *
 * <pre>{@code
 * for (Batch batch : batches) {
 *     tape.reset();
 *     Tensor loss = Losses.crossEntropy(model.forward(batch.images(tape)), batch.labels(tape));
 *     loss.backward();
 *     optimizer.step();
 * }
 * }</pre>
 */
public final class Tape implements AutoCloseable {
    private final Kernels kernels;
    private final StepSlab slab;
    private final long seed;
    private final List<Entry> entries = new ArrayList<>();
    private final Backward backward;
    private long step;
    private int stream;
    private int withoutGrad;

    /**
     * A tape that owns its slab and shares the kernels.
     *
     * @param initialBytes of the slab, which grows in the first step to what a step needs
     * @param seed of the random numbers that dropout uses
     */
    public Tape(Kernels kernels, NativeMemory memory, long initialBytes, long seed) {
        this.kernels = kernels;
        this.slab = memory.slab("step", initialBytes);
        this.seed = seed;
        this.backward = new Backward(this, entries, new GradientMemory(slab));
    }

    /** As {@link #Tape(Kernels, NativeMemory, long, long)}, beginning with an empty slab and seed 0. */
    public Tape(Kernels kernels, NativeMemory memory) {
        this(kernels, memory, 0, 0);
    }

    public Kernels kernels() {
        return kernels;
    }

    /** The memory of this step; its {@link StepSlab#peak} says what a step needs. */
    public StepSlab slab() {
        return slab;
    }

    /** Begins the next step: all tensors of this one become invalid. */
    public void reset() {
        reset(step + 1);
    }

    /** Begins the step of that number, which random numbers depend on; a resumed training passes its own. */
    public void reset(long number) {
        slab.reset();
        entries.clear();
        backward.forget();
        step = number;
        stream = 0;
    }

    /** Number of the step. */
    public long step() {
        return step;
    }

    long generation() {
        return slab.generation();
    }

    /** The rng operand of the next random operation of this step: seed, step, stream. */
    MemorySegment nextRandom() {
        MemorySegment rng = slab.allocate(24, "rng");
        rng.setAtIndex(ValueLayout.JAVA_LONG, 0, seed);
        rng.setAtIndex(ValueLayout.JAVA_LONG, 1, step);
        rng.setAtIndex(ValueLayout.JAVA_LONG, 2, stream++);
        return rng;
    }

    /** Memory of this step for {@code shape} in float32, of any content: for inputs that the caller fills. */
    public Tensor empty(Shape shape, String label) {
        return new Tensor(this, shape, DType.F32, slab.allocate(4 * shape.elements(), label), label, null);
    }

    /** Zeros. */
    public Tensor zeros(Shape shape) {
        Tensor tensor = empty(shape, "zeros");
        tensor.memory.fill((byte) 0);
        return tensor;
    }

    /** A copy of the values, row by row. */
    public Tensor tensor(Shape shape, float... values) {
        Tensor tensor = empty(shape, "input");
        tensor.copyFrom(values);
        return tensor;
    }

    /** A copy of whole numbers: indices or class targets. */
    public Tensor integers(Shape shape, int... values) {
        if (values.length != shape.elements()) {
            throw new IllegalArgumentException(
                    shape + " holds " + shape.elements() + " numbers, not " + values.length + "; give as many");
        }
        MemorySegment memory = slab.allocate(4L * values.length, "integers");
        MemorySegment.copy(values, 0, memory, ValueLayout.JAVA_INT, 0, values.length);
        return new Tensor(this, shape, DType.I32, memory, "integers", null);
    }

    /**
     * The caller's own memory as a tensor, without a copy; it must stay unchanged until backward.
     *
     * @throws IllegalArgumentException if the memory is smaller than the shape
     */
    public Tensor input(Shape shape, DType type, MemorySegment memory) {
        long bytes = shape.elements() * type.bytes();
        if (memory.byteSize() < bytes) {
            throw new IllegalArgumentException("input " + shape + " of " + type.word() + " needs " + bytes
                    + " bytes, the memory has " + memory.byteSize() + "; give the whole batch");
        }
        return new Tensor(this, shape, type, memory, "input", null);
    }

    /** The caller's float32 memory as a tensor, without a copy. */
    public Tensor input(Shape shape, MemorySegment memory) {
        return input(shape, DType.F32, memory);
    }

    /** The caller's memory of 32-bit whole numbers as a tensor, without a copy. */
    public Tensor indices(Shape shape, MemorySegment memory) {
        return input(shape, DType.I32, memory);
    }

    /** A scope in which nothing is recorded. */
    public interface NoGrad extends AutoCloseable {
        @Override
        void close();
    }

    /** Records nothing until the result is closed: {@code try (var _ = tape.noGrad()) { … }}; may be nested. */
    public NoGrad noGrad() {
        withoutGrad++;
        return () -> withoutGrad--;
    }

    /** Whether operations on tensors that require gradients are recorded now. */
    public boolean recording() {
        return withoutGrad == 0;
    }

    /** Whether an operation on these inputs will be recorded, and so must keep what its rule needs. */
    boolean records(Tensor... inputs) {
        if (withoutGrad > 0) {
            return false;
        }
        for (Tensor input : inputs) {
            if (input != null && input.requiresGrad) {
                return true;
            }
        }
        return false;
    }

    /** Notes an operation that has run; inputs may be null where an optional one is missing. */
    void record(Op op, Tensor[] inputs, Tensor... outputs) {
        for (Tensor output : outputs) {
            output.requiresGrad = true;
            output.record = entries.size();
        }
        entries.add(new Entry(op, inputs, outputs));
    }

    Tensor record(Op op, Tensor output, Tensor... inputs) {
        if (records(inputs)) {
            record(op, inputs, output);
        }
        return output;
    }

    Plan plan(Spec spec) {
        return kernels.plan(spec);
    }

    /** The tape that the inputs are on; parameters are on none. */
    static Tape of(String op, Tensor... inputs) {
        Tape tape = null;
        for (Tensor input : inputs) {
            if (input == null || input.tape == null) {
                continue;
            }
            if (tape != null && tape != input.tape) {
                throw new IllegalArgumentException(
                        op + ": " + input + " is on another tape than the other inputs; use one tape for a step");
            }
            tape = input.tape;
        }
        if (tape == null) {
            throw new IllegalArgumentException(
                    op + ": all inputs are parameters, which are on no tape; at least one must come from a tape");
        }
        return tape;
    }

    /**
     * Gradients of {@code loss} for everything that requires one: those of parameters are added to their gradient
     * buffer, those of other leaves appear in {@link Tensor#grad()}.
     *
     * @param retain keeps the graph, so that backward may come this way once more
     * @throws IllegalArgumentException if the loss is not one number
     * @throws IllegalStateException if nothing was recorded, if its graph was freed by an earlier backward, or if a
     *     tensor that a rule needs was changed in place; no gradient has changed then
     */
    public void backward(Tensor loss, boolean retain) {
        backward.run(loss, retain);
    }

    /** Gives the memory of the step back; not the kernels, which are shared. */
    @Override
    public void close() {
        slab.close();
    }
}
