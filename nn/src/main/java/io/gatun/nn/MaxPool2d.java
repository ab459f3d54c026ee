package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Tensor;

/** The maximum of each square window, as torch.nn.MaxPool2d. */
public final class MaxPool2d extends Module {
    private final int kernel;
    private final int stride;
    private final int padding;

    /** Windows side by side. */
    public MaxPool2d(int kernel) {
        this(kernel, kernel, 0);
    }

    public MaxPool2d(int kernel, int stride, int padding) {
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Images.maxPool(src, kernel, stride, padding);
    }
}
