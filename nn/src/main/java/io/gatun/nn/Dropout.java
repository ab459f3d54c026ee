package io.gatun.nn;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Tensor;

/** Inverted dropout with drop probability {@code p} in training, nothing in inference; as torch.nn.Dropout. */
public final class Dropout extends Module {
    private final float p;

    /** @param p probability that a number becomes 0, in [0, 1] */
    public Dropout(float p) {
        this.p = probability("Dropout", p);
    }

    static float probability(String layer, float p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException(layer + ": p=" + p + " is no probability of a drop; give 0 to 1");
        }
        return p;
    }

    /** The probability of dropping an element. */
    public float p() {
        return p;
    }

    @Override
    public Tensor forward(Tensor src) {
        return training() && p > 0 ? Activations.dropout(src, p) : src;
    }
}
