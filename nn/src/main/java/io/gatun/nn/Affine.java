package io.gatun.nn;

import io.gatun.autograd.Tensor;

/** What all normalizing layers ask of their arguments. */
final class Affine {
    private Affine() {}

    static void requireEps(String layer, float eps) {
        if (!(eps > 0) || !Float.isFinite(eps)) {
            throw new IllegalArgumentException(
                    layer + ": eps=" + eps + " would divide by zero where all values are equal; choose 1e-5");
        }
    }

    /** [n, …, channels]. */
    static void requireChannels(String layer, Tensor src, int channels) {
        if (src.shape().rank() < 2 || src.shape().last() != channels) {
            throw new IllegalArgumentException(layer + ": src " + src.shape() + " has not " + channels
                    + " channels on its last axis; the layer was made for [n x ... x " + channels + "]");
        }
    }
}
