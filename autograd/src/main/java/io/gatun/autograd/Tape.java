package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.kernel.Recording;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.NativeMemoryException;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.memory.StepSlab;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The context of one training step: the memory of its activations and gradients, and the record of its operations.
 * {@link #reset} begins the next step in O(1); tensors of earlier steps throw when used.
 *
 * <p>A step belongs to the thread that began it, by making the tape or by {@link #reset}; another thread's operation on
 * it throws {@link WrongThreadException}. For inference on many threads, virtual ones too, give each its own tape and
 * share the {@link Kernels} and the parameters: every thread then gets the bits that one thread would.
 *
 * <p>An operation that fails, for want of memory or because an index is out of range, leaves everything outside the tape
 * as it was when the step began, or after its last finished backward: running statistics that batch norms have moved go
 * back. {@code reset(step())} and the same operations then give what they would have given.
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
    private final Place place;

    /** What a step on a device has from the host; null on the host. */
    private final FromHost fromHost;

    private final long seed;
    private final List<Entry> entries = new ArrayList<>();
    private final Backward backward;
    private final Moved moved;
    private final Casts.OfParameters lowered = new Casts.OfParameters(this);
    private long step;
    private int stream;
    private int withoutGrad;

    /** What products and convolutions read and write. */
    private DType storage = DType.F32;

    /** Where what this step does is noted, null for nowhere. */
    private Recording captured;

    private boolean repeatable;

    /** Steps that have graphs on the device. */
    private final Set<CapturedStep> withGraphs = Collections.newSetFromMap(new IdentityHashMap<>());

    /**
     * A tape that owns its slab and shares the kernels.
     *
     * @param initialBytes of the slab, which grows in the first step to what a step needs
     * @param memory where the kernels work: {@link Kernels#memory} on a device
     * @param seed of the random numbers that dropout uses
     * @throws IllegalArgumentException if the memory lies elsewhere
     */
    public Tape(Kernels kernels, NativeMemory memory, long initialBytes, long seed) {
        this.kernels = kernels;
        this.place = memory.place();
        if (place != kernels.memory().place()) {
            throw new IllegalArgumentException("a tape of kernels on "
                    + kernels.memory().place().name() + " cannot have memory on " + place.name()
                    + "; give it the kernels' memory()");
        }
        this.slab = memory.slab("step", initialBytes);
        this.fromHost = place.isHost() ? null : new FromHost(this, memory, seed);
        this.seed = seed;
        this.backward = new Backward(this, entries, new GradientMemory(slab));
        this.moved = new Moved(slab);
    }

    /** As {@link #Tape(Kernels, NativeMemory, long, long)}, beginning with an empty slab and seed 0. */
    public Tape(Kernels kernels, NativeMemory memory) {
        this(kernels, memory, 0, 0);
    }

    public Kernels kernels() {
        return kernels;
    }

    /** Where its tensors lie. */
    public Place place() {
        return place;
    }

    /** The memory of this step; its {@link StepSlab#peak} says what a step needs. */
    public StepSlab slab() {
        return slab;
    }

    /**
     * Begins the next step, of the calling thread: all tensors of this one become invalid.
     *
     * @throws IllegalStateException if the tape is closed
     */
    public void reset() {
        reset(step + 1);
    }

    /**
     * Begins the step of that number, which random numbers depend on; a resumed training passes its own.
     *
     * @throws IllegalStateException if the tape is closed
     */
    public void reset(long number) {
        slab.reset();
        begin(number);
    }

    private void begin(long number) {
        entries.clear();
        backward.forget();
        moved.forget();
        lowered.forget();
        step = number;
        stream = 0;
        repeatable = !slab.debug();
        if (fromHost != null) {
            fromHost.begin();
        }
    }

    /**
     * A step to be repeated without building it anew.
     *
     * @param code makes the loss from inputs in memory that stays in its place
     */
    public CapturedStep capture(Supplier<Tensor> code) {
        return new CapturedStep(this, code);
    }

    /** This step holds something of the device. */
    void closes(CapturedStep step) {
        withGraphs.add(step);
    }

    /** It holds nothing any more. */
    void forgets(CapturedStep step) {
        withGraphs.remove(step);
    }

    /**
     * How far a step has come.
     *
     * @param inputs null on the host
     */
    record Mark(StepSlab.Mark slab, PackedInputs.Mark inputs) {}

    /** This step as it is now. */
    Mark mark() {
        return new Mark(slab.mark(), fromHost == null ? null : fromHost.mark());
    }

    /** Begins a step that is a repetition of that which ended there. */
    void restore(Mark end, long number) {
        slab.restore(end.slab);
        begin(number);
        if (fromHost != null) {
            fromHost.restore(end.inputs);
        }
    }

    /** What a step on a device has from the host; null on the host. */
    FromHost fromHost() {
        return fromHost;
    }

    /** Notes what is done from now on; null: no more. */
    void captures(Recording recording) {
        if (captured != null) {
            captured.pause();
        }
        captured = recording;
        if (recording != null) {
            recording.resume();
        }
    }

    /** Writes to memory of this place without a kernel, now and in each repetition of this step. */
    void act(Runnable action) {
        action.run();
        if (captured != null) {
            captured.act(action);
        }
    }

    /** As {@link #act}, what Java keeps beside that memory: counters, lists, versions. */
    void note(Runnable action) {
        action.run();
        if (captured != null) {
            captured.note(action);
        }
    }

    /** Reads memory of the host now, and before each repetition of this step. */
    void upload(MemorySegment from, Runnable action) {
        action.run();
        if (captured != null) {
            captured.upload(from, action);
        }
    }

    /** This step depends on what a repetition would not see. */
    void once() {
        repeatable = false;
    }

    /** Whether the step that ends here can be repeated. */
    boolean repeatable() {
        return repeatable;
    }

    /** The parameters whose gradients the latest backward has written. */
    Parameter[] written() {
        return backward.written();
    }

    void takeBack() {
        moved.takeBack();
    }

    void settle() {
        moved.settle();
    }

    /**
     * Gives up this step: running statistics are again what they were when it began. Gradients that a finished backward
     * has added stay; {@link Parameters#zeroGradients} takes them away. Begin anew with {@code reset(step())}.
     */
    public void abandon() {
        moved.takeAllBack();
    }

    /** Number of the step. */
    public long step() {
        return step;
    }

    boolean walking() {
        return backward.walking();
    }

    long generation() {
        return slab.generation();
    }

    /** The rng operand of the next random operation of this step: seed, step, stream. */
    MemorySegment nextRandom() {
        if (fromHost != null) {
            return fromHost.random(stream++);
        }
        MemorySegment rng = allocate(24, "rng");
        long number = stream++;
        act(() -> {
            rng.setAtIndex(ValueLayout.JAVA_LONG, 0, seed);
            rng.setAtIndex(ValueLayout.JAVA_LONG, 1, step);
            rng.setAtIndex(ValueLayout.JAVA_LONG, 2, number);
        });
        return rng;
    }

    /** Memory of this step for {@code shape} in float32, of any content: for inputs that the caller fills. */
    public Tensor empty(Shape shape, String label) {
        once();
        return result(shape, label);
    }

    /** Memory for what an operation will compute. */
    Tensor result(Shape shape, String label) {
        return result(shape, DType.F32, label);
    }

    /** As {@link #result(Shape, String)}, of another type. */
    Tensor result(Shape shape, DType type, String label) {
        Tensor tensor = new Tensor(this, shape, type, allocate(type.bytes() * shape.elements(), label), label, null);
        tensor.owned = true;
        return tensor;
    }

    /** Zeros. */
    public Tensor zeros(Shape shape) {
        Tensor tensor = result(shape, "zeros");
        zero(tensor.memory);
        return tensor;
    }

    /**
     * A parameter as a tensor of this tape, without a copy: operations on parameters alone begin so, as a penalty does
     * ({@code tape.use(weight).square().sum()}). Gradients go to the parameter.
     */
    public Tensor use(Tensor parameter) {
        if (parameter.tape != null) {
            throw new IllegalArgumentException("use: " + parameter + " is on a tape already; only parameters need it");
        }
        return record(new Op.View(), Views.share(this, parameter, parameter.shape), parameter);
    }

    /** The same number everywhere. */
    public Tensor full(Shape shape, float value) {
        Tensor tensor = result(shape, "full");
        fill(tensor.memory, value);
        return tensor;
    }

    /** A number in each float, in each repetition too. */
    void fill(MemorySegment memory, float value) {
        if (Float.floatToRawIntBits(value) == 0) {
            zero(memory);
        } else {
            act(() -> place.fill(memory, value));
        }
    }

    /** Zeros, in each repetition too. */
    void zero(MemorySegment memory) {
        act(() -> place.fill(memory, (byte) 0));
    }

    /** The same values in each step, repetitions too: weights of classes, not batches. */
    Tensor constant(Shape shape, float... values) {
        return constant(shape, DType.F32, MemorySegment.ofArray(values));
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
        once();
        MemorySegment memory = allocate(4L * values.length, "integers");
        Places.write(values, memory);
        return new Tensor(this, shape, DType.I32, memory, "integers", null);
    }

    /** Whole numbers that a repetition of this step finds again: indices that follow from shapes alone. */
    Tensor constant(Shape shape, int... values) {
        return constant(shape, DType.I32, MemorySegment.ofArray(values));
    }

    private Tensor constant(Shape shape, DType type, MemorySegment values) {
        if (fromHost != null) {
            return new Tensor(this, shape, type, fromHost.constant(values), "constant", null);
        }
        Tensor tensor = result(shape, type, "constant");
        act(() -> place.copy(values, tensor.memory));
        return tensor;
    }

    /**
     * The caller's own memory as a tensor, without a copy; it must stay unchanged until backward. On a device, memory of the
     * host is copied there, in each repetition too; memory of the device is taken as it is.
     *
     * @throws IllegalArgumentException if the memory is smaller than the shape, or lies where this tape cannot have it
     * @throws IllegalStateException if the memory was closed
     */
    public Tensor input(Shape shape, DType type, MemorySegment memory) {
        long bytes = shape.elements() * type.bytes();
        if (!memory.scope().isAlive()) {
            throw new IllegalStateException("input " + shape + " of " + type.word()
                    + ": its memory was closed; keep it until the last step that reads it");
        }
        if (memory.byteSize() < bytes) {
            throw new IllegalArgumentException("input " + shape + " of " + type.word() + " needs " + bytes
                    + " bytes, the memory has " + memory.byteSize() + "; give the whole batch");
        }
        if (!place.holds(memory) && (fromHost == null || !Place.of(memory).isHost())) {
            throw new IllegalArgumentException("input " + shape + " lies on "
                    + Place.of(memory).name() + " and this tape on " + place.name()
                    + "; copy it to the host or there");
        }
        MemorySegment here = place.holds(memory) ? memory : fromHost.input(memory.asSlice(0, bytes));
        return new Tensor(this, shape, type, here, "input", null);
    }

    /** The caller's float32 memory as a tensor; see {@link #input(Shape, DType, MemorySegment)}. */
    public Tensor input(Shape shape, MemorySegment memory) {
        return input(shape, DType.F32, memory);
    }

    /** The caller's memory of 32-bit whole numbers as a tensor; see {@link #input(Shape, DType, MemorySegment)}. */
    public Tensor indices(Shape shape, MemorySegment memory) {
        return input(shape, DType.I32, memory);
    }

    /** A scope in which nothing is recorded. */
    public interface NoGrad extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Records nothing until the result is closed: {@code try (var _ = tape.noGrad()) { … }}; may be nested. Closing one
     * twice does nothing.
     */
    public NoGrad noGrad() {
        withoutGrad++;
        boolean[] open = {true};
        return () -> {
            withoutGrad -= open[0] ? 1 : 0;
            open[0] = false;
        };
    }

    /** A scope of mixed precision. */
    public interface Autocast extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Mixed precision until the result is closed: {@code try (var _ = tape.autocast(DType.BF16)) { loss = … }}, as PyTorch's
     * autocast. Products and convolutions round what they read to {@code storage}, add up in float and store their results
     * in it, as recurrent layers do theirs, but for an LSTM's cells; norms, pools, activations, dropout and sums of two
     * such results stay in it; softmax, losses, reductions and exponentials compute and give floats. Parameters stay float:
     * a step casts them once, and their gradients are float. Backward has the types of forward and may run outside of the
     * scope.
     *
     * <p>bfloat16 has float's range; gradients of binary16 want {@code LossScaler} of the layers' module.
     *
     * @param storage {@link DType#BF16} or {@link DType#F16}, or {@link DType#F32} for a part in plain float
     * @throws IllegalArgumentException if it is another type
     */
    public Autocast autocast(DType storage) {
        if (!storage.floating()) {
            throw new IllegalArgumentException(
                    "autocast: no product has results in " + storage.word() + "; give f32, bf16 or f16");
        }
        DType before = this.storage;
        this.storage = storage;
        return () -> this.storage = before;
    }

    /** What products and convolutions read and write now: float outside of {@link #autocast}. */
    public DType storage() {
        return storage;
    }

    /** The copy of a parameter, or of a view of one, in 16 bits that all of this step share; null if it is neither. */
    MemorySegment lowered(Tensor tensor, DType type) {
        return lowered.of(tensor, type);
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
        } else if (op.workspace() != null) {
            slab.free(op.workspace());
        }
        return output;
    }

    Plan plan(Spec spec) {
        return kernels.plan(spec);
    }

    /** Runs an operation's kernel on large arrays of this type. */
    void run(Spec spec, DType storage, MemorySegment... operands) {
        run(MixedSpec.of(spec, storage), operands);
    }

    /** Memory of this step, of any content. */
    MemorySegment allocate(long bytes, String label) {
        try {
            return slab.allocate(bytes, label);
        } catch (NativeMemoryException e) {
            moved.takeBack();
            throw e;
        }
    }

    /** Memory of this step that nothing in it had before. */
    MemorySegment fresh(long bytes, String label) {
        try {
            return slab.fresh(bytes, label);
        } catch (NativeMemoryException e) {
            moved.takeBack();
            throw e;
        }
    }

    /** To be called before an operation changes {@code tensor}, which is not of this step. */
    void moves(Tensor tensor) {
        try {
            moved.save(tensor, this);
        } catch (NativeMemoryException e) {
            moved.takeBack();
            throw e;
        }
    }

    /** Runs an operation's kernel. */
    void run(Spec spec, MemorySegment... operands) {
        run(plan(spec), operands);
    }

    void run(Plan plan, MemorySegment... operands) {
        try {
            plan.run(operands);
        } catch (RuntimeException | OutOfMemoryError e) {
            moved.takeBack();
            throw e;
        }
    }

    /** The tape that the inputs are on; parameters are on none. */
    static Tape of(String op, Tensor... inputs) {
        Tape tape = null;
        for (Tensor input : inputs) {
            if (input == null || input.tape == null) {
                continue;
            }
            if (tape != null && tape != input.tape) {
                throw new IllegalArgumentException(op + ": " + input
                        + (tape.place == input.tape.place
                                ? " is on another tape than the other inputs; use one tape for a step"
                                : " lies on " + input.tape.place.name() + " and the other inputs on "
                                        + tape.place.name() + "; copy it to the host and there first"));
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
     *     tensor that a rule needs was changed in place
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room. After any exception no gradient has
     *     changed. Backward may be called again unless it had begun to reuse {@link Tensor#release released} tensors; it
     *     then says so, and the step can be done again, after {@link #abandon} and {@code reset(step())}
     */
    public void backward(Tensor loss, boolean retain) {
        slab.requireOwner("backward");
        backward.run(loss, retain);
        moved.settle();
    }

    /** Gives the memory of the step back; not the kernels, which are shared. Closing twice does nothing. */
    @Override
    public void close() {
        List.copyOf(withGraphs).forEach(CapturedStep::close);
        slab.close();
        if (fromHost != null) {
            fromHost.close();
        }
    }
}
