package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * One LSTM layer in one direction over a whole sequence of {@code t} steps, batch {@code b}, {@code i} inputs and
 * {@code h} hidden units; gates in PyTorch's order i, f, g, o, rows of the weights:
 * i,f,o = σ(·), g = tanh(·) of src_t·weightsIhᵀ + h_(t-1)·weightsHhᵀ + bias; c_t = f c_(t-1) + i g; h_t = o tanh(c_t).
 *
 * <p>Operands training: src [t,b,i], h0 [b,h], c0 [b,h], weightsIh [4h,i], weightsHh [4h,h], bias [4h], dst [t,b,h],
 * hn [b,h], cn [b,h], workspace. Inference: the same without workspace. Backward: src, h0, c0, weightsIh, weightsHh,
 * bias, dst, workspace (read), diffDst [t,b,h], diffHn, diffCn, diffH0, diffC0, diffWeightsIh, diffWeightsHh,
 * diffBias, [diffSrc]. With t = 0, hn and cn are copies of h0 and c0.
 *
 * @param constantSrc backward: that nobody wants diffSrc, as of the data that a first layer reads
 */
public record LstmSpec(Pass pass, int t, int b, int i, int h, boolean constantSrc) implements Spec {
    public LstmSpec {
        Checks.notNegative("lstm", "t", t);
        Checks.notNegative("lstm", "b", b);
        Checks.positive("lstm", "i", i);
        Checks.positive("lstm", "h", h);
        Checks.product("lstm", Math.max(1, t), Math.max(1, b), Math.max(i, 4L * h));
        Checks.product("lstm", 4, h, Math.max(i, h));
        Checks.require(!constantSrc || pass == Pass.BACKWARD, () -> "lstm: only backward takes constantsrc");
    }

    /** With diffSrc, backward. */
    public LstmSpec(Pass pass, int t, int b, int i, int h) {
        this(pass, t, b, i, h, false);
    }

    public LstmSpec with(Pass newPass) {
        return new LstmSpec(newPass, t, b, i, h, constantSrc && newPass == Pass.BACKWARD);
    }

    /** Backward without diffSrc. */
    public LstmSpec withConstantSrc() {
        return new LstmSpec(pass, t, b, i, h, true);
    }

    @Override
    public List<Operand> operands() {
        long state = (long) b * h;
        long src = (long) t * b * i;
        long dst = (long) t * b * h;
        List<Operand> operands = new ArrayList<>(17);
        operands.add(Operand.read("src", DType.F32, src));
        operands.add(Operand.read("h0", DType.F32, state));
        operands.add(Operand.read("c0", DType.F32, state));
        operands.add(Operand.read("weightsIh", DType.F32, 4L * h * i));
        operands.add(Operand.read("weightsHh", DType.F32, 4L * h * h));
        operands.add(Operand.read("bias", DType.F32, 4L * h));
        if (pass != Pass.BACKWARD) {
            operands.add(Operand.write("dst", DType.F32, dst));
            operands.add(Operand.write("hn", DType.F32, state));
            operands.add(Operand.write("cn", DType.F32, state));
            if (pass == Pass.TRAINING) {
                operands.add(Operand.workspace());
            }
            return List.copyOf(operands);
        }
        operands.add(Operand.read("dst", DType.F32, dst));
        operands.add(Operand.workspace());
        operands.add(Operand.read("diffDst", DType.F32, dst));
        operands.add(Operand.read("diffHn", DType.F32, state));
        operands.add(Operand.read("diffCn", DType.F32, state));
        operands.add(Operand.write("diffH0", DType.F32, state));
        operands.add(Operand.write("diffC0", DType.F32, state));
        operands.add(Operand.write("diffWeightsIh", DType.F32, 4L * h * i));
        operands.add(Operand.write("diffWeightsHh", DType.F32, 4L * h * h));
        operands.add(Operand.write("diffBias", DType.F32, 4L * h));
        if (!constantSrc) {
            operands.add(Operand.write("diffSrc", DType.F32, src));
        }
        return List.copyOf(operands);
    }

    @Override
    public double flops() {
        double inputs = 2.0 * t * b * 4 * h * i;
        double states = 2.0 * t * b * 4 * h * h;
        return pass == Pass.BACKWARD ? (constantSrc ? 1 : 2) * inputs + 2 * states : inputs + states;
    }

    static LstmSpec parse(SpecLine line) {
        return new LstmSpec(
                line.word(Pass.class, Pass.TRAINING),
                line.integer("t"),
                line.integer("b"),
                line.integer("i"),
                line.integer("h"),
                line.flag("constantsrc"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("lstm")
                .word(pass)
                .flag("constantsrc", constantSrc)
                .put("t", t)
                .put("b", b)
                .put("i", i)
                .put("h", h)
                .toString();
    }
}
