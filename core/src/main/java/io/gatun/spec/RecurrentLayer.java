package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * What the specs of recurrent layers with one state and two bias vectors share.
 *
 * @param family for error messages
 * @param gates how often the rows of the weights hold h
 */
record RecurrentLayer(String family, Pass pass, int gates, int t, int b, int i, int h, boolean constantSrc) {
    RecurrentLayer {
        Checks.notNegative(family, "t", t);
        Checks.notNegative(family, "b", b);
        Checks.positive(family, "i", i);
        Checks.positive(family, "h", h);
        Checks.product(family, Math.max(1, t), Math.max(1, b), Math.max(i, (long) gates * h));
        Checks.product(family, gates, h, Math.max(i, h));
        String name = family;
        Checks.require(!constantSrc || pass == Pass.BACKWARD, () -> name + ": only backward takes constantsrc");
    }

    List<Operand> operands() {
        long state = (long) b * h;
        long src = (long) t * b * i;
        long dst = (long) t * b * h;
        long rows = (long) gates * h;
        List<Operand> operands = new ArrayList<>(16);
        operands.add(Operand.read("src", DType.F32, src));
        operands.add(Operand.read("h0", DType.F32, state));
        operands.add(Operand.read("weightsIh", DType.F32, rows * i));
        operands.add(Operand.read("weightsHh", DType.F32, rows * h));
        operands.add(Operand.read("biasIh", DType.F32, rows));
        operands.add(Operand.read("biasHh", DType.F32, rows));
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
        operands.add(Operand.write("diffWeightsIh", DType.F32, rows * i));
        operands.add(Operand.write("diffWeightsHh", DType.F32, rows * h));
        operands.add(Operand.write("diffBiasIh", DType.F32, rows));
        operands.add(Operand.write("diffBiasHh", DType.F32, rows));
        if (!constantSrc) {
            operands.add(Operand.write("diffSrc", DType.F32, src));
        }
        return List.copyOf(operands);
    }

    double flops() {
        double inputs = 2.0 * t * b * gates * h * i;
        double states = 2.0 * t * b * gates * h * h;
        return pass == Pass.BACKWARD ? (constantSrc ? 1 : 2) * inputs + 2 * states : inputs + states;
    }
}
