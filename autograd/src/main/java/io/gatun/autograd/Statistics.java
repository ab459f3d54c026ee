package io.gatun.autograd;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Moments composed of reductions. */
public final class Statistics {
    private Statistics() {}

    /**
     * Σ (src - mean)² / (n - correction) over the given axes, which vanish; over all if none is given. In two passes, so
     * that a large mean costs no digits.
     *
     * @param correction 1 for the unbiased estimate, torch.var's default; 0 for that which normalizations use
     * @throws IllegalArgumentException if the axes have no more entries than {@code correction}
     */
    public static Tensor var(Tensor src, int correction, int... axes) {
        int rank = src.shape.rank();
        int[] over = axes.length == 0
                ? IntStream.range(0, rank).toArray()
                : Arrays.stream(axes)
                        .map(axis -> Pieces.axis("var", src, axis))
                        .distinct()
                        .toArray();
        int[] kept = src.shape.dims();
        long n = 1;
        for (int axis : over) {
            n *= kept[axis];
            kept[axis] = 1;
        }
        if (n <= correction) {
            throw new IllegalArgumentException("var: " + n + " entries along axes " + Arrays.toString(over) + " of "
                    + src.shape + " have no variance with correction " + correction + "; give more, or correction 0");
        }
        if (over.length == 0) {
            // A scalar is one entry of one axis.
            return var(src.reshape(1), correction);
        }
        Tensor mean = Arithmetic.mean(src, over);
        Tensor repeated = Views.reshape(mean, kept);
        Tensor deviations = Arithmetic.sub(src, repeated);
        Tensor squares = Arithmetic.sumOfSquares(deviations, over);
        Tensor result = Arithmetic.scale(squares, 1f / (n - correction));
        mean.release();
        repeated.release();
        deviations.release();
        squares.release();
        return result;
    }
}
