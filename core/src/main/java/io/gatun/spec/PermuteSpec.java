package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * A copy with its axes in another order: axis i of dst is axis {@code permutation[i]} of src.
 *
 * <p>Operands: src, dst.
 */
public record PermuteSpec(Dims shape, Dims permutation) implements Spec {
    public PermuteSpec {
        for (int i = 0; i < shape.size(); i++) {
            Checks.notNegative("permute", "shape", shape.get(i));
        }
        boolean all = permutation.size() == shape.size();
        for (int i = 0; i < shape.size(); i++) {
            all &= permutation.contains(i);
        }
        Checks.require(
                all,
                () -> "permute: perm=" + permutation + " is not an order of the axes of shape " + shape.joined("x"));
        Checks.product("permute", shape.asLongs());
    }

    /** rows x cols to cols x rows. */
    public static PermuteSpec transpose(int rows, int cols) {
        return new PermuteSpec(Dims.of(rows, cols), Dims.of(1, 0));
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("src", DType.F32, shape.product()), Operand.write("dst", DType.F32, shape.product()));
    }

    @Override
    public double flops() {
        return 0;
    }

    static PermuteSpec parse(SpecLine line) {
        return new PermuteSpec(Dims.of(line.integers("shape", "x")), Dims.of(line.integers("perm", ",")));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("permute")
                .put("shape", shape.joined("x"))
                .put("perm", permutation)
                .toString();
    }
}
