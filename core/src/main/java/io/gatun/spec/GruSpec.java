package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
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
        Checks.notNegative("gru", "t", t);
        Checks.notNegative("gru", "b", b);
        Checks.positive("gru", "i", i);
        Checks.positive("gru", "h", h);
        Checks.product("gru", Math.max(1, t), Math.max(1, b), Math.max(i, 3L * h));
        Checks.product("gru", 3, h, Math.max(i, h));
        Checks.require(!constantSrc || pass == Pass.BACKWARD, () -> "gru: only backward takes constantsrc");
    }

    /** With diffSrc, backward. */
    public GruSpec(Pass pass, int t, int b, int i, int h) {
        this(pass, t, b, i, h, false);
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
        long state = (long) b * h;
        long src = (long) t * b * i;
        long dst = (long) t * b * h;
        List<Operand> operands = new ArrayList<>(16);
        operands.add(Operand.read("src", DType.F32, src));
        operands.add(Operand.read("h0", DType.F32, state));
        operands.add(Operand.read("weightsIh", DType.F32, 3L * h * i));
        operands.add(Operand.read("weightsHh", DType.F32, 3L * h * h));
        operands.add(Operand.read("biasIh", DType.F32, 3L * h));
        operands.add(Operand.read("biasHh", DType.F32, 3L * h));
        if (pass != Pass.BACKWARD) {
            operands.add(Operand.write("dst", DType.F32, dst));
            operands.add(Operand.write("hn", DType.F32, state));
            if (pass == Pass.TRAINING) {
                operands.add(Operand.workspace());
            }
            return List.copyOf(operands);
        }
        operands.add(Operand.read("dst", DType.F32, dst));
        operands.add(Operand.workspace());
        operands.add(Operand.read("diffDst", DType.F32, dst));
        operands.add(Operand.read("diffHn", DType.F32, state));
        operands.add(Operand.write("diffH0", DType.F32, state));
        operands.add(Operand.write("diffWeightsIh", DType.F32, 3L * h * i));
        operands.add(Operand.write("diffWeightsHh", DType.F32, 3L * h * h));
        operands.add(Operand.write("diffBiasIh", DType.F32, 3L * h));
        operands.add(Operand.write("diffBiasHh", DType.F32, 3L * h));
        if (!constantSrc) {
            operands.add(Operand.write("diffSrc", DType.F32, src));
        }
        return List.copyOf(operands);
    }

    @Override
    public double flops() {
        double inputs = 2.0 * t * b * 3 * h * i;
        double states = 2.0 * t * b * 3 * h * h;
        return pass == Pass.BACKWARD ? (constantSrc ? 1 : 2) * inputs + 2 * states : inputs + states;
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
