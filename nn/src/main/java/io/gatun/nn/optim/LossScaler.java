package io.gatun.nn.optim;

import io.gatun.autograd.Arithmetic;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Function;

/**
 * Multiplies losses so that the gradients of binary16 activations, which vanish below 6e-8, do not; the optimizer divides
 * them again (Micikevicius et al. 2018). The factor follows the gradients as that of PyTorch's GradScaler: halved where one
 * is not finite, and that update is left out; doubled after so many updates without one. With bfloat16, whose range is
 * float's, it is not needed.
 *
 * <p>{@link #scale} the loss within {@code tape.autocast(DType.F16)}, go backward from the result, and step where {@link
 * #unscale} says so; a trainer does it by itself.
 *
 * <p>As a {@link Companion} of the optimizer it is saved with it. Not thread-safe; close it after the last step.
 */
public final class LossScaler implements Companion, AutoCloseable {
    /** The first factor, PyTorch's. */
    public static final float FIRST = 65_536;

    /** Updates between two doublings, PyTorch's. */
    public static final int INTERVAL = 2_000;

    private static final String NAME = "optimizer.loss_scale";
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;
    private static final ValueLayout.OfFloat SAVED = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final Optimizer optimizer;
    private final ParameterScope scope;

    /** The factor, where each repetition of a step finds it. */
    private final MemorySegment factor;

    private final int interval;

    /** Updates since the factor last changed. */
    private int good;

    private LossScaler(Optimizer optimizer, NativeMemory memory, float first, int interval) {
        this.optimizer = optimizer;
        this.interval = interval;
        this.scope = memory.onHost().parameters("loss scale");
        this.factor = scope.allocate(Float.BYTES, "loss scale");
        factor.set(F32, 0, first);
        optimizer.attach(this);
    }

    /** With PyTorch's numbers, for the gradients of one optimizer. */
    public static LossScaler of(Optimizer optimizer, NativeMemory memory) {
        return of(optimizer, memory, FIRST, INTERVAL);
    }

    /**
     * With numbers of its own.
     *
     * @param first factor, positive and finite; a power of two rounds nothing
     * @param interval updates without an overflow before the factor doubles, at least 1
     */
    public static LossScaler of(Optimizer optimizer, NativeMemory memory, float first, int interval) {
        if (!(first > 0 && Float.isFinite(first)) || interval < 1) {
            throw new IllegalArgumentException("a loss scale of " + first + " that doubles every " + interval
                    + " updates is not possible; give a positive number and at least 1");
        }
        return new LossScaler(optimizer, memory, first, interval);
    }

    /** What losses are multiplied by now. */
    public float factor() {
        return factor.get(F32, 0);
    }

    /** loss · factor, the factor being read anew in each repetition of a captured step. */
    public Tensor scale(Tensor loss) {
        return Arithmetic.mul(loss, loss.tape().input(Shape.of(), factor));
    }

    /**
     * To be called after the last backward before an update: divides all gradients by the factor. Where one of them is not
     * finite they are zeroed, the factor is halved, and the update is to be left out.
     *
     * @return whether to step
     */
    public boolean unscale() {
        if (!optimizer.gradientsFinite()) {
            overflowed();
            return false;
        }
        optimizer.scaleGradients(1 / factor());
        return true;
    }

    /** A loss or a gradient is not finite, and its update is left out. */
    public void overflowed() {
        optimizer.parameters().zeroGradients();
        factor.set(F32, 0, factor() / 2);
        good = 0;
    }

    @Override
    public void stepped(long steps) {
        good++;
        if (good == interval) {
            good = 0;
            float doubled = 2 * factor();
            if (Float.isFinite(doubled)) {
                factor.set(F32, 0, doubled);
            }
        }
    }

    @Override
    public List<NamedTensor> save() {
        MemorySegment state = MemorySegment.ofArray(new byte[2 * Float.BYTES]);
        state.set(SAVED, 0, factor());
        state.set(SAVED, Float.BYTES, good);
        return List.of(new NamedTensor(NAME, TensorType.F32, new long[] {2}, state));
    }

    @Override
    public void load(Function<String, NamedTensor> find) {
        MemorySegment state = find.apply(NAME).data();
        factor.set(F32, 0, state.get(SAVED, 0));
        good = (int) state.get(SAVED, Float.BYTES);
    }

    @Override
    public void close() {
        scope.close();
    }
}
