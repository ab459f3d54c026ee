package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.Direction;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.SoftmaxSpec;
import java.util.Arrays;

/** Elementwise functions, softmax over the last axis, and dropout. */
public final class Activations {
    private Activations() {}

    /** dst = activation(src). */
    public static Tensor activation(Tensor src, Activation activation) {
        if (activation.kind() == Activation.Kind.IDENTITY) {
            return src;
        }
        Op op = new Op.Activate(activation);
        Tape tape = Tape.of(op.name(), src);
        Tensor from = wide(activation) ? Casts.floats(op.name(), src) : src;
        Casts.requireFloating(op.name(), from);
        Tensor dst = tape.result(src.shape, from.type, op.name());
        ActivationSpec spec = new ActivationSpec(Direction.FORWARD, activation, src.shape.elements());
        tape.run(spec, from.type, from.memory(), dst.memory);
        tape.record(op, dst, from);
        Casts.release(from, src);
        return dst;
    }

    /** Whether 16 bits are too few for its results: those that grow fast, and logarithms, which losses are made of. */
    private static boolean wide(Activation activation) {
        return switch (activation.kind()) {
            case EXP, LOG, SOFTPLUS, SQUARE -> true;
            default -> false;
        };
    }

    /** The activation of what only its caller knows, which is released. */
    static Tensor inPlaceOf(Tensor src, Activation activation) {
        Tensor dst = activation(src, activation);
        src.release();
        return dst;
    }

    /** Probabilities over the last axis. */
    public static Tensor softmax(Tensor src) {
        return softmax(src, SoftmaxSpec.Op.SOFTMAX);
    }

    /** Logarithms of the probabilities over the last axis. */
    public static Tensor logSoftmax(Tensor src) {
        return softmax(src, SoftmaxSpec.Op.LOG_SOFTMAX);
    }

    /** Probabilities over any axis, which may count from the end; over another than the last with two transpositions. */
    public static Tensor softmax(Tensor src, int axis) {
        return along(src, axis, SoftmaxSpec.Op.SOFTMAX);
    }

    /** Logarithms of the probabilities over any axis, as {@link #softmax(Tensor, int)}. */
    public static Tensor logSoftmax(Tensor src, int axis) {
        return along(src, axis, SoftmaxSpec.Op.LOG_SOFTMAX);
    }

    private static Tensor along(Tensor src, int axis, SoftmaxSpec.Op kind) {
        int at = Pieces.axis("softmax", src, axis);
        if (at == src.shape.rank() - 1) {
            return softmax(src, kind);
        }
        Tensor turned = Views.transpose(src, at, -1);
        Tensor result = softmax(turned, kind);
        Tensor dst = Views.transpose(result, at, -1);
        turned.release();
        result.release();
        return dst;
    }

    private static Tensor softmax(Tensor src, SoftmaxSpec.Op kind) {
        String name = kind == SoftmaxSpec.Op.SOFTMAX ? "softmax" : "logSoftmax";
        Tape tape = Tape.of(name, src);
        if (src.shape.rank() == 0) {
            throw new IllegalArgumentException(name + ": a scalar has no axis to normalise over; give at least [n]");
        }
        long rows = Views.leading(src.shape, 1).elements();
        SoftmaxSpec spec = new SoftmaxSpec(Direction.FORWARD, kind, rows, src.shape.last());
        Tensor from = Casts.floats(name, src);
        Tensor dst = tape.result(src.shape, name);
        tape.run(spec, from.memory(), dst.memory);
        tape.record(new Op.Softmax(spec), dst, from);
        Casts.release(from, src);
        return dst;
    }

    /**
     * x if x &gt; 0, else slope · x, with a slope for each entry of the last axis, [c], or one for all, [1].
     *
     * @throws IllegalArgumentException naming both shapes, if they do not fit
     */
    public static Tensor prelu(Tensor src, Tensor slope) {
        Tape tape = Tape.of("prelu", src, slope);
        Casts.requireFloating("prelu", src);
        Casts.requireFloating("prelu", slope);
        long slopes = slope.shape.elements();
        if (src.shape.rank() == 0 || (slopes != 1 && slopes != src.shape.last())) {
            throw new IllegalArgumentException("prelu: src " + src.shape + " and slope " + slope.shape
                    + " do not fit; give one slope, or one for each entry of the last axis");
        }
        long rows = Views.leading(src.shape, 1).elements();
        PReluSpec spec = new PReluSpec(Direction.FORWARD, rows, src.shape.last(), slopes == 1);
        Tensor slopesAsFloats = Casts.floats(tape, "prelu", slope);
        Tensor dst = tape.result(src.shape, src.type, "prelu");
        tape.run(spec, src.type, src.memory(), slopesAsFloats.memory(), dst.memory);
        return tape.record(new Op.PRelu(spec), dst, src, slopesAsFloats);
    }

    /**
     * Dropout of whole channels: each of the last axis of each sample is 0 throughout with probability {@code p}, else
     * divided by 1 - p, for src [n, .., c]. The mask of n · c numbers depends on seed, step and place as in {@link #dropout}.
     */
    public static Tensor dropoutChannels(Tensor src, float p) {
        Tape tape = Tape.of("dropoutChannels", src);
        Casts.requireFloating("dropoutChannels", src);
        if (src.shape.rank() < 2) {
            throw new IllegalArgumentException(
                    "dropoutChannels: src " + src.shape + " has no channels; give [n, c], [n, l, c] or [n, h, w, c]");
        }
        int[] dims = src.shape.dims();
        Arrays.fill(dims, 1, dims.length - 1, 1);
        Tensor ones = tape.full(Shape.of(dims), 1);
        Tensor mask = dropout(ones, p);
        Tensor factor = Casts.to(mask, src.type);
        Tensor dst = Arithmetic.mul(src, factor);
        ones.release();
        mask.release();
        factor.release();
        return dst;
    }

    /**
     * Inverted dropout: each element is 0 with probability {@code p}, else divided by 1 - p. The mask depends on the
     * tape's seed and step and on how many dropouts ran before in the step. Without training use src itself.
     *
     * @param p 0 to 1
     */
    public static Tensor dropout(Tensor src, float p) {
        Tape tape = Tape.of("dropout", src);
        Casts.requireFloating("dropout", src);
        DropoutSpec spec = new DropoutSpec(src.shape.elements(), p);
        var rng = tape.nextRandom();
        Tensor dst = tape.result(src.shape, src.type, "dropout");
        tape.run(spec, src.type, src.memory(), rng, dst.memory);
        return tape.record(new Op.Dropout(spec, rng), dst, src);
    }
}
