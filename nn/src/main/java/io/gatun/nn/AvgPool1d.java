package io.gatun.nn;

import io.gatun.autograd.Pools;
import io.gatun.autograd.Tensor;

/** The mean of each window of sequences [n, l, c], padding counted as zeros unless chosen otherwise, as torch.nn.AvgPool1d. */
public final class AvgPool1d extends Module {
    private final PoolOptions options;

    /** Windows side by side. */
    public AvgPool1d(int kernel) {
        this(PoolOptions.window(kernel));
    }

    /** Windows {@code stride} apart, {@code padding} at both ends, at most half a window. */
    public AvgPool1d(int kernel, int stride, int padding) {
        this(PoolOptions.window(kernel).stride(stride).padding(padding));
    }

    /** All there is to choose. */
    public AvgPool1d(PoolOptions options) {
        this.options = options;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Pools.avg1d(src, options.window(), options.countIncludePad());
    }

    PoolOptions options() {
        return options;
    }
}
