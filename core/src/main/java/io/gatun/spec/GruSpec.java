package io.gatun.spec;

import io.gatun.kernel.Operand;
import java.util.List;

/**
 * One GRU layer in one direction over a whole sequence of {@code t} steps, batch {@code b}, {@code i} inputs and
 * {@code h} hidden units; gates in PyTorch's order r, z, n, rows of the weights. With x = src_t·weightsIhᵀ + biasIh and
 * y = h_(t-1)·weightsHhᵀ + biasHh, cut into the three gates:
 * r = σ(x_r + y_r), z = σ(x_z + y_z), n = tanh(x_n + r y_n); h_t = (1 - z) n + z h_(t-1).
 *
 * <p>The reset gate multiplies the product with its bias, as PyTorch and cuDNN have it; so the two biases of n cannot be
 * one. Operands training: src [t,b,i], h0 [b,h], weightsIh [3h,i], weightsHh [3h,h], biasIh [3h], biasHh [3h], dst
 * [t,b,h], hn [b,h], workspace. Inference: the same without workspace. Backward: src, h0, weightsIh, weightsHh, biasIh,
 * biasHh, dst, workspace (read), diffDst [t,b,h], diffHn, diffH0, diffWeightsIh, diffWeightsHh, diffBiasIh, diffBiasHh,
 * [diffSrc]. With t = 0, hn is a copy of h0.
 *
 * @param constantSrc backward: that nobody wants diffSrc, as of the data that a first layer reads
 */
public record GruSpec(Pass pass, int t, int b, int i, int h, boolean constantSrc) implements Spec {
    public GruSpec {
        layer(pass, t, b, i, h, constantSrc);
    }

    /** With diffSrc, backward. */
    public GruSpec(Pass pass, int t, int b, int i, int h) {
        this(pass, t, b, i, h, false);
    }

    private static RecurrentLayer layer(Pass pass, int t, int b, int i, int h, boolean constantSrc) {
        return new RecurrentLayer("gru", pass, 3, t, b, i, h, constantSrc);
    }

    public GruSpec with(Pass newPass) {
        return new GruSpec(newPass, t, b, i, h, constantSrc && newPass == Pass.BACKWARD);
    }

    /** Backward without diffSrc. */
    public GruSpec withConstantSrc() {
        return new GruSpec(pass, t, b, i, h, true);
    }

    @Override
    public List<Operand> operands() {
        return layer(pass, t, b, i, h, constantSrc).operands();
    }

    @Override
    public double flops() {
        return layer(pass, t, b, i, h, constantSrc).flops();
    }

    static GruSpec parse(SpecLine line) {
        return new GruSpec(
                line.word(Pass.class, Pass.TRAINING),
                line.integer("t"),
                line.integer("b"),
                line.integer("i"),
                line.integer("h"),
                line.flag("constantsrc"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("gru")
                .word(pass)
                .flag("constantsrc", constantSrc)
                .put("t", t)
                .put("b", b)
                .put("i", i)
                .put("h", h)
                .toString();
    }
}
