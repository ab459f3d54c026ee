package io.gatun.nn;

import io.gatun.autograd.Pools;
import io.gatun.autograd.Tensor;

/** The maximum of each window of sequences [n, l, c], as torch.nn.MaxPool1d, without its dilation. */
public final class MaxPool1d extends Module {
    private final PoolOptions options;

    /** Windows side by side. */
    public MaxPool1d(int kernel) {
        this(PoolOptions.window(kernel));
    }

    /** Windows {@code stride} apart, {@code padding} at both ends, at most half a window. */
    public MaxPool1d(int kernel, int stride, int padding) {
        this(PoolOptions.window(kernel).stride(stride).padding(padding));
    }

    /** All there is to choose. */
    public MaxPool1d(PoolOptions options) {
        this.options = options;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Pools.max1d(src, options.window());
    }

    PoolOptions options() {
        return options;
    }
}
