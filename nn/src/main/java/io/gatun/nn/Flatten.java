package io.gatun.nn;

import io.gatun.autograd.Tensor;

/** All axes but the first become one, without a copy; of images in the order h, w, c. */
public final class Flatten extends Module {
    /** Nothing to choose. */
    public Flatten() {}

    @Override
    public Tensor forward(Tensor src) {
        return src.flatten(1);
    }
}
