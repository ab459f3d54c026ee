package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import java.util.Arrays;

/** Matrix products. */
public final class Matrices {
    private Matrices() {}

    /**
     * C = op(A) · op(B) over the last two axes, op transposing where asked. Axes before them are a batch and broadcast: a
     * factor that has none is shared, one that has some of 1 is repeated in memory.
     *
     * @throws IllegalArgumentException naming both shapes, if they do not fit
     */
    public static Tensor matmul(Tensor a, Tensor b, boolean transA, boolean transB) {
        Tape tape = Tape.of("matmul", a, b);
        DType type = Casts.ofProduct(tape, "matmul", a, b);
        if (a.type != type || b.type != type) {
            Tensor left = Casts.to(tape, "matmul", a, type);
            Tensor right = Casts.to(tape, "matmul", b, type);
            Tensor product = matmul(left, right, transA, transB);
            Casts.release(left, a);
            Casts.release(right, b);
            return product;
        }
        if (a.shape.rank() > 2 && b.shape.rank() > 2) {
            Shape first = Views.leading(a.shape, 2);
            Shape second = Views.leading(b.shape, 2);
            Shape common = Broadcasts.common(first, second);
            if (common != null && !first.equals(second)) {
                Tensor one = Broadcasts.expand(tape, a, batched(common, a.shape));
                Tensor two = Broadcasts.expand(tape, b, batched(common, b.shape));
                Tensor product = matmul(one, two, transA, transB);
                Casts.release(one, a);
                Casts.release(two, b);
                return product;
            }
        }
        Products products = Products.of(a.shape, b.shape, transA, transB);
        Shape batch = Views.leading(a.shape.rank() > 2 ? a.shape : b.shape, 2);
        int[] dims = Arrays.copyOf(batch.dims(), batch.rank() + 2);
        dims[dims.length - 2] = a.shape.dim(transA ? -1 : -2);
        dims[dims.length - 1] = b.shape.dim(transB ? -2 : -1);
        Tensor dst = tape.result(Shape.of(dims), type, "matmul");
        tape.run(products.forward(), type, a.memory(), b.memory(), dst.memory);
        return tape.record(new Op.MatMul(products), dst, a, b);
    }

    /** The matrices of {@code shape}, so many of them. */
    private static Shape batched(Shape batch, Shape shape) {
        int[] dims = Arrays.copyOf(batch.dims(), batch.rank() + 2);
        dims[dims.length - 2] = shape.dim(-2);
        dims[dims.length - 1] = shape.dim(-1);
        return Shape.of(dims);
    }

    /** dst = src · weightsᵀ + bias for src [..., in], weights [out, in] and bias [out] or null. */
    public static Tensor linear(Tensor src, Tensor weights, Tensor bias) {
        return linear(src, weights, bias, Activation.IDENTITY);
    }

    /** dst = activation(src · weightsᵀ + bias), the activation in the same pass where its gradient allows. */
    public static Tensor linear(Tensor src, Tensor weights, Tensor bias, Activation activation) {
        if (!activation.kind().usesOutput()) {
            return Activations.inPlaceOf(linear(src, weights, bias, Activation.IDENTITY), activation);
        }
        Tape tape = Tape.of("linear", src, weights, bias);
        DType type = Casts.ofProduct(tape, "linear", src, weights);
        if (weights.shape.rank() != 2
                || src.shape.rank() < 1
                || src.shape.last() != weights.shape.dim(1)
                || (bias != null && bias.shape.elements() != weights.shape.dim(0))) {
            throw new IllegalArgumentException("linear: src " + src.shape + ", weights " + weights.shape
                    + (bias == null ? "" : ", bias " + bias.shape)
                    + " do not fit; src needs the weights' second size as its last, the bias their first");
        }
        int in = weights.shape.dim(1);
        int out = weights.shape.dim(0);
        int rows = Math.toIntExact(Views.leading(src.shape, 1).elements());
        GemmSpec spec = GemmSpec.of(rows, out, in, false, true).withActivation(activation);
        Tensor from = Casts.to(tape, "linear", src, type);
        Tensor shift = Casts.floats(tape, "linear", bias);
        Casts.Lowered lowered = Casts.weights(tape, "linear", weights, type);
        Tensor dst = tape.result(Views.withLast(src.shape, out), type, "linear");
        if (bias == null) {
            tape.run(spec, type, from.memory(), lowered.of(weights), dst.memory);
        } else {
            tape.run(spec.withBias(), type, from.memory(), lowered.of(weights), shift.memory(), dst.memory);
        }
        tape.record(new Op.Linear(rows, in, out, activation, lowered), dst, from, weights, shift);
        Casts.release(from, src);
        return dst;
    }
}
