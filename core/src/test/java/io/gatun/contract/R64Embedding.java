package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;
import java.util.Map;

/** Rows out of a table, and added back into it. */
final class R64Embedding {
    private R64Embedding() {}

    static Map<String, Expected> expected(EmbeddingSpec s, Inputs in) {
        double[] indices = in.get("indices");
        int dim = s.dim();
        if (s.direction() == Direction.FORWARD) {
            double[] dst = new double[indices.length * dim];
            for (int i = 0; i < dst.length; i++) {
                dst[i] = in.get("table")[(int) indices[i / dim] * dim + i % dim];
            }
            return Map.of("dst", Expected.bits(dst));
        }
        double[] table = in.get("diffTable").clone();
        double[] terms = new double[table.length];
        for (int i = 0; i < terms.length; i++) {
            terms[i] = Expected.size(table[i]);
        }
        for (int i = 0; i < indices.length * dim; i++) {
            int to = (int) indices[i / dim] * dim + i % dim;
            table[to] += in.get("diffDst")[i];
            terms[to] += Expected.size(in.get("diffDst")[i]);
        }
        return Map.of("diffTable", Expected.sums(table, terms, in.exact));
    }
}
