package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Tensor;

/** The mean of each plane: [n, h, w, c] to [n, c]. */
public final class GlobalAvgPool extends Module {
    /** Nothing to choose. */
    public GlobalAvgPool() {}

    @Override
    public Tensor forward(Tensor src) {
        return Images.globalAvgPool(src);
    }
}
