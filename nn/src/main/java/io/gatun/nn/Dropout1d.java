package io.gatun.nn;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Tensor;

/**
 * Whole channels of sequences [n, l, c] are 0 with probability {@code p} in training, the others divided by 1 - p; nothing in
 * inference; as torch.nn.Dropout1d. Neighbours within a channel tell each other too much for {@link Dropout} to do much.
 */
public final class Dropout1d extends Module {
    private final float p;

    /** The probability of a drop, 0 to 1; PyTorch's default is 0.5. */
    public Dropout1d(float p) {
        this.p = Dropout.probability("Dropout1d", p);
    }

    @Override
    public Tensor forward(Tensor src) {
        if (src.shape().rank() != 3) {
            throw new IllegalArgumentException("Dropout1d: src " + src.shape() + " must be [n x l x c]");
        }
        return training() && p > 0 ? Activations.dropoutChannels(src, p) : src;
    }
}
