package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Shape;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.spec.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/**
 * A dense row-major array in off-heap memory, made on a {@link Tape} and valid until the tape's next step. Nothing to
 * close: memory belongs to the tape's slab, or to a {@link Parameters} in the case of a {@link Parameter}.
 *
 * <p>Not thread-safe, as its tape; parameters may be read by many tapes at once.
 */
public class Tensor {
    final Tape tape;
    final Shape shape;
    final DType type;
    final String label;
    final long generation;
    MemorySegment memory;

    /** The tensor whose memory this is a view of, or null. */
    final Tensor base;

    boolean requiresGrad;

    /** Position in the tape of the operation that made it; -1 for a leaf. */
    int record = -1;

    /** Counts changes in place; only a base has it. */
    int version;

    /** Backward is on its way to this tensor. */
    boolean needed;

    /** Whether the memory is the slab's, made for this tensor: neither a caller's nor a view. */
    boolean owned;

    /** How many of this base and its views are not released. */
    private int handles = 1;

    /** How many recorded rules that have not run will read this base. */
    private int readers;

    private boolean released;

    /** Computes these values again into the memory it is given; null where that cannot be. */
    Consumer<MemorySegment> recipe;

    private boolean viewed;

    /** The memory of this base was given back. */
    private boolean gone;

    MemorySegment grad;

    /** Whether backward keeps the gradient of this result of an operation, and that gradient. */
    boolean retained;

    MemorySegment kept;

    /** Whether {@link #grad} may be added to in place, and whether an input's gradient is the same memory. */
    boolean gradOwned;

    boolean gradShared;

    Tensor(Tape tape, Shape shape, DType type, MemorySegment memory, String label, Tensor base) {
        this.tape = tape;
        this.shape = shape;
        this.type = type;
        this.memory = memory;
        this.label = label;
        this.base = base;
        this.generation = tape == null ? 0 : tape.generation();
        if (base != null) {
            base.handles++;
            base.viewed = true;
        }
    }

    public final Shape shape() {
        return shape;
    }

    public final DType type() {
        return type;
    }

    /** What made it: {@code conv2d}, {@code input}, or a parameter's name. */
    public String label() {
        return label;
    }

    public final boolean requiresGrad() {
        return requiresGrad;
    }

    /**
     * Asks for a gradient of this leaf (or, in a parameter, refuses one), which {@link #grad()} gives after backward.
     *
     * @throws IllegalStateException if an operation made this tensor
     * @throws IllegalArgumentException if a gradient of whole numbers is wanted
     */
    public Tensor requiresGrad(boolean wanted) {
        if (wanted) {
            Views.require("requiresGrad", this, DType.F32);
        }
        if (record >= 0) {
            throw new IllegalStateException(
                    this + " was made by an operation; only leaves choose whether they require a gradient");
        }
        requiresGrad = wanted;
        return this;
    }

    /**
     * The values, for reading on the host; whoever writes them calls {@link #changed()}.
     *
     * @throws IllegalStateException naming the tensor, if its step is over, it was {@link #release released}, or it lies on
     *     a device
     */
    public final MemorySegment data() {
        MemorySegment values = memory();
        if (!values.isAccessibleBy(Thread.currentThread())) {
            Place place = Place.of(values);
            if (!place.isHost()) {
                throw new IllegalStateException(this + " lies on " + place.name()
                        + "; read it with toArray() or copyTo(), or give memory() to a plan");
            }
        }
        return values;
    }

    /**
     * The values where they lie: on the host as {@link #data()}, on a device memory that plans and {@link Place#copy} take
     * and Java cannot read.
     *
     * @throws IllegalStateException naming the tensor, if its step is over or it was {@link #release released}
     */
    public MemorySegment memory() {
        if (generation != tape.generation()) {
            throw new IllegalStateException(this + " was made in step " + generation
                    + " of its tape, which is over (now " + tape.generation()
                    + "); copy what must outlive a step before reset()");
        }
        if (root().gone && recomputable() && tape.walking()) {
            memory = tape.slab().allocate(memory.byteSize(), label);
            gone = false;
            recipe.accept(memory);
        }
        if (root().gone || (released && !tape.walking())) {
            throw new IllegalStateException(this + " was released, and its memory may hold other values by now; call"
                    + " release() after its last use, and not at all if it is needed after backward");
        }
        return memory;
    }

    /**
     * The caller needs these values no more, as after Python's {@code del}: their memory is used for other tensors as
     * soon as no view of them and no recorded gradient rule needs it, which is at once where nothing is recorded, and
     * otherwise during backward. Layers release what they pass on from one to the next; what is never released stays
     * until the step ends. Does nothing to a parameter, nor to memory that is the caller's own.
     */
    public final void release() {
        if (tape != null && !released && !retained && generation == tape.generation()) {
            released = true;
            root().handles--;
            root().freeIfUnneeded();
        }
    }

    /**
     * As {@link #release}, and where a rule needs the values they are computed again: their memory is free from here to
     * there for one more pass over the input, with the same bits. Only results of batch norm can be computed again; with
     * others this is the plain release.
     */
    public final void releaseToRecompute() {
        release();
        if (owned && released && !gone && handles == 0 && readers > 0 && recomputable()) {
            gone = true;
            tape.slab().free(memory);
        }
    }

    private boolean recomputable() {
        return recipe != null && !viewed;
    }

    /** Whether no rule can read this any more. */
    boolean gone() {
        return root().gone && !recomputable();
    }

    /** A recorded rule will read this. */
    void toBeRead() {
        root().readers++;
    }

    /** That rule has run. */
    void wasRead() {
        root().readers--;
        root().freeIfUnneeded();
    }

    private void freeIfUnneeded() {
        if (owned && !gone && handles == 0 && readers == 0) {
            gone = true;
            tape.slab().free(memory);
        }
    }

    /**
     * Asks for the gradient of a result of an operation too, which {@link #grad()} gives after backward; as torch's {@code
     * retain_grad}. The tensor then stays until the step ends: {@link #release} does nothing. Does nothing to a leaf.
     *
     * @throws IllegalStateException if no operation that requires a gradient made this tensor
     */
    public final Tensor retainGrad() {
        if (record < 0 && !requiresGrad) {
            throw new IllegalStateException(
                    this + " requires no gradient, so there will be none to retain; is noGrad() closed?");
        }
        retained = true;
        return this;
    }

    /**
     * The gradient after backward of a leaf, or of a result that {@link #retainGrad retains} it, of this shape; null if
     * none has arrived. Valid as {@link #memory()} is, and where that lies.
     */
    public MemorySegment grad() {
        memory();
        return record < 0 ? grad : kept;
    }

    /** Notes that the values were changed in place: a backward that needs the old ones then refuses. */
    public final void changed() {
        root().version++;
    }

    int version() {
        return root().version;
    }

    private Tensor root() {
        return base == null ? this : base;
    }

    /** Overwrites the values; counts as a change in place. */
    public final void copyFrom(float... values) {
        Views.require("copyFrom", this, DType.F32);
        if (values.length != shape.elements()) {
            throw new IllegalArgumentException(this + " holds " + shape.elements() + " numbers, not " + values.length
                    + "; give as many as it holds");
        }
        Places.write(values, memory());
        overwritten();
    }

    /**
     * As {@link #copyFrom(float...)}, of any type, from memory of the host or of where this lies.
     *
     * @throws IllegalArgumentException if it has another number of bytes
     */
    public final void copyFrom(MemorySegment values) {
        requireRoom(values.byteSize() == bytes(), values);
        Places.copy(values, values());
        overwritten();
    }

    /**
     * Copies the values to the beginning of memory of the host or of where this lies.
     *
     * @throws IllegalArgumentException if it is smaller
     */
    public final void copyTo(MemorySegment to) {
        requireRoom(to.byteSize() >= bytes(), to);
        Places.copy(values(), to);
    }

    private void requireRoom(boolean fits, MemorySegment given) {
        if (!fits) {
            throw new IllegalArgumentException(
                    this + " has " + bytes() + " bytes, not " + given.byteSize() + "; give memory of that size");
        }
    }

    final long bytes() {
        return type.bytes() * shape.elements();
    }

    /** Without what the memory has behind them: a caller's own may be larger. */
    private MemorySegment values() {
        return memory().asSlice(0, bytes());
    }

    private void overwritten() {
        changed();
        if (tape != null) {
            tape.once();
        }
    }

    /**
     * A copy on the heap of the values as floats.
     *
     * @throws IllegalArgumentException if they are whole numbers, which {@link #toIntArray} gives
     */
    public final float[] toArray() {
        Casts.requireFloating("toArray", this);
        return type == DType.F32 ? Places.floats(values()) : widened();
    }

    private float[] widened() {
        try (Arena arena = Arena.ofConfined()) {
            short[] bits = Places.onHost(values(), arena).toArray(ValueLayout.JAVA_SHORT);
            float[] floats = new float[bits.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = HalfFloats.widen(type, bits[i]);
            }
            return floats;
        }
    }

    /** A copy on the heap of 32-bit whole numbers: of indices, targets, and what {@link Extremes#argmax} gives. */
    public final int[] toIntArray() {
        Views.require("toIntArray", this, DType.I32);
        return Places.ints(values());
    }

    /** The one number of a tensor with one element; a whole number beyond 2^24 is rounded. */
    public final float item() {
        if (shape.elements() != 1) {
            throw new IllegalStateException(this + " holds " + shape.elements() + " numbers; item() needs exactly one");
        }
        if (type == DType.I32) {
            return toIntArray()[0];
        }
        Casts.requireFloating("item", this);
        return type == DType.F32 ? Places.first(memory()) : widened()[0];
    }

    /** Backward with gradient 1; frees the graph. See {@link Tape#backward}. */
    public final void backward() {
        tape().backward(this, false);
    }

    /** Backward that keeps the graph for another one if {@code retain}. */
    public final void backward(boolean retain) {
        tape().backward(this, retain);
    }

    /**
     * The tape it was made on.
     *
     * @throws IllegalStateException if it is a parameter, which is on none
     */
    public final Tape tape() {
        if (tape == null) {
            throw new IllegalStateException(
                    this + " is a parameter, no result of a tape; call this on what a tape has made of it");
        }
        return tape;
    }

    /** This + other, broadcast as NumPy does: axes are matched from the last one, and those of 1 or missing repeat. */
    public final Tensor add(Tensor other) {
        return Arithmetic.add(this, other);
    }

    /** This - other, broadcast as {@link #add}. */
    public final Tensor sub(Tensor other) {
        return Arithmetic.sub(this, other);
    }

    /** This * other by element, broadcast as {@link #add}. */
    public final Tensor mul(Tensor other) {
        return Arithmetic.mul(this, other);
    }

    /** This / other by element, broadcast as {@link #add}. */
    public final Tensor div(Tensor other) {
        return Arithmetic.div(this, other);
    }

    /** The larger of each pair, broadcast as {@link #add}; see {@link Arithmetic#maximum}. */
    public final Tensor maximum(Tensor other) {
        return Arithmetic.maximum(this, other);
    }

    /** The smaller of each pair, broadcast as {@link #add}. */
    public final Tensor minimum(Tensor other) {
        return Arithmetic.minimum(this, other);
    }

    /** Each element to this power; see {@link Choices#pow}. */
    public final Tensor pow(float exponent) {
        return Choices.pow(this, exponent);
    }

    /** {@code value} where the mask is not 0, as torch's masked_fill; the mask broadcasts. */
    public final Tensor maskedFill(Tensor mask, float value) {
        return Choices.maskedFill(this, mask, value);
    }

    /** The largest entry along an axis, which vanishes; see {@link Extremes#max}. */
    public final Tensor max(int axis) {
        return Extremes.max(this, axis);
    }

    /** The smallest entry along an axis, which vanishes. */
    public final Tensor min(int axis) {
        return Extremes.min(this, axis);
    }

    /** The variance over the given axes, which vanish; see {@link Statistics#var}. */
    public final Tensor var(int... axes) {
        return Statistics.var(this, 1, axes);
    }

    /** factor * this. */
    public final Tensor scale(float factor) {
        return Arithmetic.scale(this, factor);
    }

    /** The sum over the given axes, which vanish; over all if none is given. */
    public final Tensor sum(int... axes) {
        return Arithmetic.sum(this, axes);
    }

    /** The mean over the given axes, which vanish; over all if none is given. */
    public final Tensor mean(int... axes) {
        return Arithmetic.mean(this, axes);
    }

    /** The matrix product; see {@link Matrices#matmul}. */
    public final Tensor matmul(Tensor other) {
        return Matrices.matmul(this, other, false, false);
    }

    public final Tensor relu() {
        return Activations.activation(this, Activation.RELU);
    }

    /** e to the power of each element. */
    public final Tensor exp() {
        return Activations.activation(this, Activation.EXP);
    }

    /** The natural logarithm; -Inf at 0, NaN below. */
    public final Tensor log() {
        return Activations.activation(this, Activation.LOG);
    }

    /** The square root; NaN below 0. */
    public final Tensor sqrt() {
        return Activations.activation(this, Activation.SQRT);
    }

    /** The magnitude, with gradient 0 at 0. */
    public final Tensor abs() {
        return Activations.activation(this, Activation.ABS);
    }

    /** The square. */
    public final Tensor square() {
        return Activations.activation(this, Activation.SQUARE);
    }

    /** 1 / (1 + e^-x). */
    public final Tensor sigmoid() {
        return Activations.activation(this, Activation.SIGMOID);
    }

    /** The hyperbolic tangent. */
    public final Tensor tanh() {
        return Activations.activation(this, Activation.TANH);
    }

    /** ln(1 + e^x). */
    public final Tensor softplus() {
        return Activations.activation(this, Activation.SOFTPLUS);
    }

    /** Each element, or the nearest bound; gradient 1 from {@code low} to {@code high}, both included, as torch.clamp. */
    public final Tensor clamp(float low, float high) {
        return Activations.activation(this, Activation.clamp(low, high));
    }

    /** -x. */
    public final Tensor neg() {
        return Arithmetic.scale(this, -1);
    }

    /** Probabilities over the last axis. */
    public final Tensor softmax() {
        return Activations.softmax(this);
    }

    /** Logarithms of the probabilities over the last axis. */
    public final Tensor logSoftmax() {
        return Activations.logSoftmax(this);
    }

    /** Probabilities over any axis. */
    public final Tensor softmax(int axis) {
        return Activations.softmax(this, axis);
    }

    /** Logarithms of the probabilities over any axis. */
    public final Tensor logSoftmax(int axis) {
        return Activations.logSoftmax(this, axis);
    }

    /** The same numbers under another shape, without a copy; one dimension may be -1. */
    public final Tensor reshape(int... dims) {
        return Views.reshape(this, dims);
    }

    /** An axis of 1 more, before that of this number, without a copy; -1 puts it last. */
    public final Tensor unsqueeze(int axis) {
        return Views.unsqueeze(this, axis);
    }

    /** An axis of 1 less, without a copy; as torch's, this itself where the axis is longer. */
    public final Tensor squeeze(int axis) {
        return Views.squeeze(this, axis);
    }

    /** Axes from {@code from} on become one, without a copy. */
    public final Tensor flatten(int from) {
        return Views.flatten(this, from);
    }

    /** A copy with its axes in another order. */
    public final Tensor permute(int... axes) {
        return Views.permute(this, axes);
    }

    /** A copy with two axes exchanged. */
    public final Tensor transpose(int first, int second) {
        return Views.transpose(this, first, second);
    }

    /** {@code length} entries of an axis from {@code start} on; see {@link Pieces#narrow}. */
    public final Tensor narrow(int axis, int start, int length) {
        return Pieces.narrow(this, axis, start, length);
    }

    /** One entry of an axis, which vanishes. */
    public final Tensor select(int axis, int index) {
        return Pieces.select(this, axis, index);
    }

    /** A copy repeated to a shape that this broadcasts to: axes of 1, and missing ones in front. */
    public final Tensor expand(int... dims) {
        return Broadcasts.expand(Tape.of("expand", this), this, Shape.of(dims));
    }

    /** The same numbers in another floating type; see {@link Casts#to}. */
    public final Tensor to(DType wanted) {
        return Casts.to(this, wanted);
    }

    /** The same values without their history: no gradient flows through it. */
    public final Tensor detach() {
        return Views.detach(this);
    }

    /** Label and shape. */
    @Override
    public String toString() {
        return label() + " " + shape;
    }
}
