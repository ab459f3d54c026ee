package io.gatun.spec;

import io.gatun.kernel.Operand;
import java.util.List;

/**
 * One layer of a plain recurrent net in one direction over a whole sequence of {@code t} steps, batch {@code b}, {@code i}
 * inputs and {@code h} hidden units: h_t = act(src_t·weightsIhᵀ + biasIh + h_(t-1)·weightsHhᵀ + biasHh), act tanh or ReLU.
 *
 * <p>Operands training: src [t,b,i], h0 [b,h], weightsIh [h,i], weightsHh [h,h], biasIh [h], biasHh [h], dst [t,b,h], hn
 * [b,h], workspace. Inference: the same without workspace. Backward: src, h0, weightsIh, weightsHh, biasIh, biasHh, dst,
 * workspace (read), diffDst [t,b,h], diffHn, diffH0, diffWeightsIh, diffWeightsHh, diffBiasIh, diffBiasHh (equal),
 * [diffSrc]. With t = 0, hn is a copy of h0.
 *
 * @param activation {@link Activation#TANH} or {@link Activation#RELU}
 * @param constantSrc backward: that nobody wants diffSrc, as of the data that a first layer reads
 */
public record RnnSpec(Pass pass, Activation activation, int t, int b, int i, int h, boolean constantSrc)
        implements Spec {
    public RnnSpec {
        layer(pass, t, b, i, h, constantSrc);
        Checks.require(
                activation.equals(Activation.TANH) || activation.equals(Activation.RELU),
                () -> "rnn: act=" + activation + " is not known; known are tanh, relu");
    }

    /** With diffSrc, backward. */
    public RnnSpec(Pass pass, Activation activation, int t, int b, int i, int h) {
        this(pass, activation, t, b, i, h, false);
    }

    private static RecurrentLayer layer(Pass pass, int t, int b, int i, int h, boolean constantSrc) {
        return new RecurrentLayer("rnn", pass, 1, t, b, i, h, constantSrc);
    }

    public RnnSpec with(Pass newPass) {
        return new RnnSpec(newPass, activation, t, b, i, h, constantSrc && newPass == Pass.BACKWARD);
    }

    /** Backward without diffSrc. */
    public RnnSpec withConstantSrc() {
        return new RnnSpec(pass, activation, t, b, i, h, true);
    }

    @Override
    public List<Operand> operands() {
        return layer(pass, t, b, i, h, constantSrc).operands();
    }

    @Override
    public double flops() {
        return layer(pass, t, b, i, h, constantSrc).flops();
    }

    static RnnSpec parse(SpecLine line) {
        return new RnnSpec(
                line.word(Pass.class, Pass.TRAINING),
                Activation.parse(line.text("act", "tanh")),
                line.integer("t"),
                line.integer("b"),
                line.integer("i"),
                line.integer("h"),
                line.flag("constantsrc"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("rnn")
                .word(pass)
                .flag("constantsrc", constantSrc)
                .put("act", activation, Activation.TANH)
                .put("t", t)
                .put("b", b)
                .put("i", i)
                .put("h", h)
                .toString();
    }
}
