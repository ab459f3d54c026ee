package io.gatun.nn;

import io.gatun.autograd.Attention;
import io.gatun.autograd.Initializer;
import io.gatun.autograd.Matrices;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Attention of several heads over sequences [t, b, size] (Vaswani et al. 2017), as torch.nn.MultiheadAttention with its
 * names and first values: {@code in_proj_weight} [3 size, size], {@code in_proj_bias}, {@code out_proj.weight}, {@code
 * out_proj.bias}. Each head sees size / heads of the projected features. Keys and values are as wide as queries; torch's
 * kdim, vdim, add_bias_kv and add_zero_attn are not offered.
 */
public final class MultiheadAttention extends Module {
    private final int size;
    private final int heads;
    private final float dropout;
    private final Parameter inWeight;
    private final Parameter inBias;
    private final Linear out;

    /** [tq, b, size], and the heads' mean weights [b, tq, tk]. */
    public record Result(Tensor output, Tensor weights) {}

    /** Without dropout. */
    public MultiheadAttention(int size, int heads) {
        this(size, heads, 0);
    }

    /**
     * With dropout of weights.
     *
     * @param heads a divisor of {@code size}
     * @param dropout probability of dropping a weight in training, 0 to 1
     */
    public MultiheadAttention(int size, int heads, float dropout) {
        if (heads < 1 || size % heads != 0) {
            throw new IllegalArgumentException("MultiheadAttention: " + size + " features cannot be shared by " + heads
                    + " heads; the size must be a multiple of the heads");
        }
        this.size = size;
        this.heads = heads;
        this.dropout = new Dropout(dropout).p();
        inWeight = parameter("in_proj_weight", Shape.of(3 * size, size), Init.xavierUniform(1));
        inBias = parameter("in_proj_bias", Shape.of(3 * size), Initializer.ZEROS);
        out = child("out_proj", new Linear(size, size, Init.kaimingUniform(), Initializer.ZEROS));
    }

    /** Self-attention in which every place sees every other. */
    @Override
    public Tensor forward(Tensor src) {
        return forward(src, src, null);
    }

    /**
     * What {@code query} finds in {@code memory}, which is keys and values; the same tensor for self-attention.
     *
     * @param query [tq, b, size]
     * @param memory [tk, b, size]
     * @param mask added to the scores, broadcast to [b, heads, tq, tk]; null for none. See {@link Attention#causalMask}
     *     and {@link Attention#paddingMask}
     */
    public Tensor forward(Tensor query, Tensor memory, Tensor mask) {
        Attention.Result result = attend(query, memory, mask);
        result.weights().release();
        return project(result.output(), query);
    }

    /** {@link #forward(Tensor, Tensor, Tensor)}, then the hooks. */
    public Tensor call(Tensor query, Tensor memory, Tensor mask) {
        return observe(query, forward(query, memory, mask));
    }

    /** As {@link #forward(Tensor, Tensor, Tensor)}, with the weights: who looked where. */
    public Result withWeights(Tensor query, Tensor memory, Tensor mask) {
        Attention.Result result = attend(query, memory, mask);
        Tensor weights = result.weights().mean(1);
        result.weights().release();
        return new Result(project(result.output(), query), weights);
    }

    /** Heads beside each other: [b, heads, tq, size / heads] to [tq, b, size]. */
    private Tensor project(Tensor heard, Tensor query) {
        Tensor rows = heard.permute(2, 0, 1, 3);
        heard.release();
        Tensor joined = rows.reshape(query.shape().dims());
        rows.release();
        return through(out, joined, query);
    }

    private Attention.Result attend(Tensor query, Tensor memory, Tensor mask) {
        check(query);
        check(memory);
        Tensor q;
        Tensor k;
        Tensor v;
        if (query == memory) {
            Tensor all = projected(query, 0, 3);
            q = all.select(0, 0);
            k = all.select(0, 1);
            v = all.select(0, 2);
            all.release();
        } else {
            Tensor one = projected(query, 0, 1);
            Tensor both = projected(memory, 1, 2);
            q = one.select(0, 0);
            k = both.select(0, 0);
            v = both.select(0, 1);
            one.release();
            both.release();
        }
        Attention.Result result = Attention.scaledDotProduct(q, k, v, mask, training() ? dropout : 0);
        q.release();
        k.release();
        v.release();
        return result;
    }

    private void check(Tensor src) {
        if (src.shape().rank() != 3 || src.shape().last() != size) {
            throw new IllegalArgumentException(
                    "MultiheadAttention: src " + src.shape() + " does not fit; give [t, b, " + size + "]");
        }
    }

    /** {@code count} of the three projections, from {@code first} on: [count, b, heads, t, size / heads]. */
    private Tensor projected(Tensor src, int first, int count) {
        Tensor weight = count == 3 ? inWeight : Pieces.rows(src, inWeight, first * size, count * size);
        Tensor bias = count == 3 ? inBias : Pieces.rows(src, inBias, first * size, count * size);
        Tensor flat = Matrices.linear(src, weight, bias);
        Shape shape = src.shape();
        Tensor apart = flat.reshape(shape.dim(0), shape.dim(1), count, heads, size / heads);
        flat.release();
        Tensor moved = apart.permute(2, 1, 3, 0, 4);
        apart.release();
        return moved;
    }
}
