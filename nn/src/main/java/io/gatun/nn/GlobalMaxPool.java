package io.gatun.nn;

import io.gatun.autograd.Pools;
import io.gatun.autograd.Tensor;

/** The maximum of each plane: [n, h, w, c] to [n, c]. */
public final class GlobalMaxPool extends Module {
    /** Nothing to choose. */
    public GlobalMaxPool() {}

    @Override
    public Tensor forward(Tensor src) {
        return Pools.globalMax(src);
    }
}
