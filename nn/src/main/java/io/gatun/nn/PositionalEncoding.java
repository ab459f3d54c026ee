package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import java.lang.foreign.ValueLayout;

/**
 * Adds sines and cosines of the place to sequences [t, b, size] (Vaswani et al. 2017): feature 2i gets
 * sin(place / 10000^(2i / size)), feature 2i + 1 the cosine. The table is the buffer {@code pe} [longest, 1, size].
 */
public final class PositionalEncoding extends Module {
    private final Parameter table;
    private final int longest;
    private final Dropout dropout;

    /**
     * For sequences of up to {@code longest} places.
     *
     * @param dropout of the sum, 0 for none
     */
    public PositionalEncoding(int size, int longest, float dropout) {
        this.longest = longest;
        this.dropout = child("dropout", new Dropout(dropout));
        table = buffer("pe", Shape.of(longest, 1, size), waves(size));
    }

    private static Initializer waves(int size) {
        return (values, shape, seed, index) -> {
            for (int place = 0; place < shape.dim(0); place++) {
                for (int feature = 0; feature < size; feature++) {
                    double angle = place / Math.pow(10_000, (feature - feature % 2) / (double) size);
                    double wave = feature % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
                    values.setAtIndex(ValueLayout.JAVA_FLOAT, (long) place * size + feature, (float) wave);
                }
            }
        };
    }

    @Override
    public Tensor forward(Tensor src) {
        Shape shape = src.shape();
        if (shape.rank() != 3
                || shape.dim(0) > longest
                || shape.last() != table.shape().last()) {
            throw new IllegalArgumentException("PositionalEncoding: src " + shape + " does not fit the table "
                    + table.shape() + "; give [t, b, " + table.shape().last() + "] with t up to " + longest);
        }
        Tensor sum = src.add(Pieces.rows(src, table, 0, shape.dim(0)));
        return through(dropout, sum, src);
    }
}
