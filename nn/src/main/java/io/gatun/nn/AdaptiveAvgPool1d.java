package io.gatun.nn;

import io.gatun.autograd.Pools;
import io.gatun.autograd.Tensor;

/**
 * Sequences [n, l, c] of any length to {@code size}, as torch.nn.AdaptiveAvgPool1d: output i is the mean of floor(i l / size) to
 * ceil((i + 1) l / size).
 */
public final class AdaptiveAvgPool1d extends Module {
    private final int size;

    /** To {@code size} steps, at least 1. */
    public AdaptiveAvgPool1d(int size) {
        if (size < 1) {
            throw new IllegalArgumentException(
                    "AdaptiveAvgPool1d: an output of " + size + " is empty; it must be at least 1");
        }
        this.size = size;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Pools.adaptiveAvg1d(src, size);
    }
}
