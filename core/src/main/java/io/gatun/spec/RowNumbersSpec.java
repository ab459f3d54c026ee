package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Which rows of a table the indices along one of its axes mean, for the gather of {@link EmbeddingSpec}: rows[i] = ⌊i / k⌋ n
 * + indices[i mod given], for {@code times} rounds through the indices. An index outside 0 to n - 1 throws
 * {@link IndexOutOfBoundsException}.
 *
 * <p>Operands: indices (i32 [given]), rows (i32 [times, given]).
 *
 * @param n how many values an index may have
 * @param k how many neighbours in rows go to the same n rows of the table
 */
public record RowNumbersSpec(int n, long k, long given, long times) implements Spec {
    public RowNumbersSpec {
        Checks.positive("rownumbers", "n", n);
        Checks.positive("rownumbers", "k", k);
        Checks.notNegative("rownumbers", "given", given);
        Checks.notNegative("rownumbers", "times", times);
        long count = Checks.product("rownumbers", given, times);
        Checks.require(
                count == 0 || Checks.product("rownumbers", (count - 1) / k + 1, n) <= Integer.MAX_VALUE,
                () -> "rownumbers: a table of " + ((count - 1) / k + 1) + " times " + n
                        + " rows has more than 32-bit numbers count");
    }

    @Override
    public List<Operand> operands() {
        return List.of(Operand.read("indices", DType.I32, given), Operand.write("rows", DType.I32, given * times));
    }

    @Override
    public double flops() {
        return 0;
    }

    static RowNumbersSpec parse(SpecLine line) {
        return new RowNumbersSpec(line.integer("n"), line.count("k"), line.count("given"), line.count("times", 1));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("rownumbers")
                .put("n", n)
                .put("k", k)
                .put("given", given)
                .put("times", times)
                .toString();
    }
}
