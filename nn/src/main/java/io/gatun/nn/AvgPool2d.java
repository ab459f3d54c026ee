package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Tensor;

/** The mean of each square window, padding counted as zeros, as torch.nn.AvgPool2d. */
public final class AvgPool2d extends Module {
    private final int kernel;
    private final int stride;
    private final int padding;

    /** Windows side by side. */
    public AvgPool2d(int kernel) {
        this(kernel, kernel, 0);
    }

    public AvgPool2d(int kernel, int stride, int padding) {
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Images.avgPool(src, kernel, stride, padding);
    }
}
