package io.gatun.nn;

import io.gatun.autograd.Pools;
import io.gatun.autograd.Tensor;

/** The maximum of each window of images [n, h, w, c], as torch.nn.MaxPool2d, without its dilation. */
public final class MaxPool2d extends Module {
    private final PoolOptions options;

    /** Windows side by side. */
    public MaxPool2d(int kernel) {
        this(PoolOptions.window(kernel));
    }

    /** Square windows {@code stride} apart, {@code padding} on each side, at most half a window. */
    public MaxPool2d(int kernel, int stride, int padding) {
        this(PoolOptions.window(kernel).stride(stride).padding(padding));
    }

    /** All there is to choose. */
    public MaxPool2d(PoolOptions options) {
        this.options = options;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Pools.max2d(src, options.window());
    }

    PoolOptions options() {
        return options;
    }
}
