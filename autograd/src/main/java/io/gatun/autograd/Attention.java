package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.PaddingMaskSpec;
import java.util.Arrays;

/** Dot-product attention (Vaswani et al. 2017) and its masks, which are added to the scores: 0 to see, -Inf not to see. */
public final class Attention {
    private Attention() {}

    /**
     * What attention gives.
     *
     * @param output [..., queries, width of v]
     * @param weights [..., queries, keys], each row adding up to 1 where there is no dropout
     */
    public record Result(Tensor output, Tensor weights) {}

    /**
     * softmax(q · kᵀ / √d + mask) · v over the last two axes, as torch's {@code scaled_dot_product_attention}. A query
     * that sees no key gets NaN.
     *
     * @param q [..., queries, d]
     * @param k [..., keys, d]
     * @param v [..., keys, width]
     * @param mask what can be broadcast to [..., queries, keys], or null
     * @param dropout probability of dropping a weight, 0 for none
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Result scaledDotProduct(Tensor q, Tensor k, Tensor v, Tensor mask, float dropout) {
        int rank = q.shape.rank();
        if (rank < 2 || k.shape.rank() != rank || v.shape.rank() != rank || k.shape.dim(-2) != v.shape.dim(-2)) {
            throw new IllegalArgumentException("attention: q " + q.shape + ", k " + k.shape + " and v " + v.shape
                    + " do not fit; give [..., queries, d], [..., keys, d] and [..., keys, width]");
        }
        // Scaling q costs d numbers a query, scaling the scores as many as there are keys.
        Tensor scaled = Arithmetic.scale(q, (float) (1 / Math.sqrt(q.shape.last())));
        Tensor scores = Matrices.matmul(scaled, k, false, true);
        scaled.release();
        if (mask != null) {
            Tensor masked = Arithmetic.add(scores, mask);
            scores.release();
            scores = masked;
        }
        Tensor weights = Activations.softmax(scores);
        scores.release();
        Tensor used = dropout > 0 ? Activations.dropout(weights, dropout) : weights;
        Tensor output = Matrices.matmul(used, v, false, false);
        if (used != weights) {
            used.release();
        }
        return new Result(output, weights);
    }

    /**
     * [queries, keys] that lets a query see the keys up to its own place; with fewer queries than keys the queries are the
     * last ones.
     */
    public static Tensor causalMask(Tape tape, int queries, int keys) {
        if (queries < 0 || queries > keys) {
            throw new IllegalArgumentException("causalMask: " + queries + " queries for " + keys
                    + " keys do not fit; give 0 to as many as there are"
                    + " keys, for the first of more would see nothing");
        }
        float[] mask = new float[queries * keys];
        for (int i = 0; i < queries; i++) {
            Arrays.fill(mask, i * keys + i + keys - queries + 1, (i + 1) * keys, Float.NEGATIVE_INFINITY);
        }
        return tape.constant(Shape.of(queries, keys), mask);
    }

    /** That of self-attention over {@code src} [t, b, size]. */
    public static Tensor causalMask(Tensor src) {
        if (src.shape.rank() != 3) {
            throw new IllegalArgumentException("causalMask: src " + src.shape + " does not fit; give [t, b, size]");
        }
        int t = src.shape.dim(0);
        return causalMask(Tape.of("causalMask", src), t, t);
    }

    /**
     * [b, 1, 1, keys] that hides the padding behind each sequence.
     *
     * @param lengths 32-bit [b], each from 1 to {@code keys}: a sequence of length 0 would give NaN
     * @throws IndexOutOfBoundsException if one is not
     */
    public static Tensor paddingMask(Tensor lengths, int keys) {
        Tape tape = Tape.of("paddingMask", lengths);
        Views.require("paddingMask", lengths, DType.I32);
        if (lengths.shape.rank() != 1) {
            throw new IllegalArgumentException("paddingMask: lengths " + lengths.shape + " must be [b]");
        }
        int batch = lengths.shape.dim(0);
        Tensor mask = tape.result(Shape.of(batch, 1, 1, keys), "paddingMask");
        tape.run(new PaddingMaskSpec(batch, keys), lengths.memory(), mask.memory);
        return mask;
    }
}
