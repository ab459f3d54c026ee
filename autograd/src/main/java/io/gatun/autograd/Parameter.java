package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.memory.Place;
import java.lang.foreign.MemorySegment;

/**
 * A named leaf that outlives steps: its values and its gradient are slices of the flat buffers of a {@link Parameters}.
 * A buffer (running statistics) is one too, without a gradient. It is declared first and gets its memory when the
 * {@code Parameters} it was added to are built.
 *
 * <p>Reading from many tapes at once is safe while nobody trains.
 */
public final class Parameter extends Tensor {
    final Initializer initializer;
    private final boolean declaredTrained;
    private String name;
    private Parameters owner;
    private MemorySegment slice;

    /** The owner's {@link Parameters#gradientEpoch} in which a backward last wrote the gradient slice. */
    private long writtenEpoch = -1;

    /** The epoch in which the slice was last shown to a caller, who may put numbers there; -1 for never. */
    private long shownEpoch = -1;

    /** Whether the slice was zeroed and no backward has written it since. */
    private boolean zero;

    private Parameter(Shape shape, DType type, Initializer initializer, boolean requiresGrad) {
        super(null, shape, type, null, "parameter", null);
        this.initializer = initializer;
        this.requiresGrad = requiresGrad;
        this.declaredTrained = requiresGrad;
    }

    /** A trainable parameter without memory yet. */
    public static Parameter of(Shape shape, Initializer initializer) {
        return new Parameter(shape, DType.F32, initializer, true);
    }

    /** A buffer without memory yet: saved with the model, never trained. */
    public static Parameter buffer(Shape shape, Initializer initializer) {
        return new Parameter(shape, DType.F32, initializer, false);
    }

    /** A buffer of another type, zeros at first: weights as bytes, their scales, whole numbers. */
    public static Parameter buffer(Shape shape, DType type) {
        return new Parameter(shape, type, Initializer.ZEROS, false);
    }

    /** A buffer of one int64, zero at first: saved with the model, never trained. */
    public static Parameter counter() {
        return new Parameter(Shape.of(), DType.I64, Initializer.ZEROS, false);
    }

    void bind(Parameters parameters, String path, MemorySegment values, MemorySegment gradient) {
        owner = parameters;
        name = path;
        memory = values;
        slice = gradient;
        zero = true;
    }

    Parameters owner() {
        return owner;
    }

    boolean bound() {
        return owner != null;
    }

    /** Whether it was declared to be trained, though it may be frozen now; a buffer is not. */
    public boolean trained() {
        return declaredTrained;
    }

    /** Whether it has a slice of the gradient buffer: fixed when the memory is given. */
    public boolean trainable() {
        return slice != null;
    }

    @Override
    public String label() {
        return name == null ? label : name;
    }

    /** {@inheritDoc} */
    @Override
    public Parameter requiresGrad(boolean wanted) {
        if (wanted && bound() && slice == null) {
            throw new IllegalStateException(this
                    + (declaredTrained
                            ? " was frozen when it got its memory, so it has none for a gradient; allocate before"
                                    + " freezing"
                            : " is a buffer and has no gradient"));
        }
        requiresGrad = wanted;
        if (owner != null) {
            owner.restructured();
        }
        return this;
    }

    /** The values where they lie, of any step. */
    @Override
    public MemorySegment memory() {
        if (owner == null) {
            throw new IllegalStateException(
                    this + " has no memory yet; build its Parameters (Module.allocate) before using it");
        }
        return memory;
    }

    /**
     * The slice of the flat gradient buffer: zero where no backward has written since the last optimizer step. Ask for it
     * again after each step: what a backward did not reach is zeroed then, and not by the step.
     */
    @Override
    public MemorySegment grad() {
        memory();
        if (slice != null) {
            show();
        }
        return slice;
    }

    /** A caller will see it and may write to it. */
    void show() {
        zeroIfEmpty();
        shownEpoch = owner.gradientEpoch();
    }

    /** The slice as it is: of any content while {@link #gradientEmpty}. */
    MemorySegment gradientMemory() {
        return slice;
    }

    boolean gradientEmpty() {
        return writtenEpoch != owner.gradientEpoch();
    }

    /** A backward writes it now, or adds to it. */
    void gradientWritten() {
        writtenEpoch = owner.gradientEpoch();
        zero = false;
    }

    /**
     * Zeros where no backward has written since the last step, for whoever reads all gradients. What a caller may have put
     * there since stays; a frozen parameter that no caller ever saw is not zeroed again.
     */
    void zeroIfEmpty() {
        boolean known = zero && shownEpoch < 0;
        if (gradientEmpty() && !known && shownEpoch != owner.gradientEpoch()) {
            clearGradient();
        }
    }

    /** Zeros: no gradient yet, or what has written to it has failed. */
    void clearGradient() {
        Place.of(slice).fill(slice, (byte) 0);
        writtenEpoch = -1;
        zero = true;
    }

    @Override
    int version() {
        return version + (owner == null ? 0 : owner.valueVersion());
    }
}
