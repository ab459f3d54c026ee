package io.gatun.nn;

import io.gatun.autograd.Pools;
import io.gatun.autograd.Tensor;

/**
 * Images [n, h, w, c] of any size to rows x cols, as torch.nn.AdaptiveMaxPool2d: output row i is the maximum of rows floor(i h /
 * rows) to ceil((i + 1) h / rows), columns likewise.
 */
public final class AdaptiveMaxPool2d extends Module {
    private final int rows;
    private final int cols;

    /** To size x size. */
    public AdaptiveMaxPool2d(int size) {
        this(size, size);
    }

    /** To so many rows and columns, each at least 1. */
    public AdaptiveMaxPool2d(int rows, int cols) {
        if (rows < 1 || cols < 1) {
            throw new IllegalArgumentException(
                    "AdaptiveMaxPool2d: an output of " + rows + "x" + cols + " is empty; both must be at least 1");
        }
        this.rows = rows;
        this.cols = cols;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Pools.adaptiveMax2d(src, rows, cols);
    }
}
