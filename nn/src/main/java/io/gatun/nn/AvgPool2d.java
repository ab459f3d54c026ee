package io.gatun.nn;

import io.gatun.autograd.Pools;
import io.gatun.autograd.Tensor;

/** The mean of each window of images [n, h, w, c], padding counted as zeros unless chosen otherwise, as torch.nn.AvgPool2d. */
public final class AvgPool2d extends Module {
    private final PoolOptions options;

    /** Windows side by side. */
    public AvgPool2d(int kernel) {
        this(PoolOptions.window(kernel));
    }

    /** Square windows {@code stride} apart, {@code padding} on each side, at most half a window. */
    public AvgPool2d(int kernel, int stride, int padding) {
        this(PoolOptions.window(kernel).stride(stride).padding(padding));
    }

    /** All there is to choose. */
    public AvgPool2d(PoolOptions options) {
        this.options = options;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Pools.avg2d(src, options.window(), options.countIncludePad());
    }

    PoolOptions options() {
        return options;
    }
}
