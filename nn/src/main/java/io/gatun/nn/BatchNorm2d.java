package io.gatun.nn;

import io.gatun.autograd.Tensor;

/**
 * {@link BatchNorm} of images [n, h, w, channels], as torch.nn.BatchNorm2d; {@code num_batches_tracked} counts the batches in
 * the running statistics. Residual add and ReLU can ride in the same pass.
 */
public final class BatchNorm2d extends BatchNorm {
    public BatchNorm2d(int channels) {
        this(channels, Options.DEFAULT);
    }

    /** With a ReLU behind it if wanted. */
    public BatchNorm2d(int channels, boolean relu) {
        this(channels, Options.DEFAULT.relu(relu));
    }

    /** All there is to choose. */
    public BatchNorm2d(int channels, Options options) {
        super(channels, options);
    }

    @Override
    public Tensor forward(Tensor src) {
        return forward(src, null);
    }

    /** Adds {@code residual}, if not null, before the ReLU. */
    public Tensor forward(Tensor src, Tensor residual) {
        if (src.shape().rank() != 4) {
            throw new IllegalArgumentException(
                    "BatchNorm2d: src " + src.shape() + " is no batch of images [n x h x w x c]; use BatchNorm1d");
        }
        return normalize(src, residual);
    }

    /** {@link #forward(Tensor, Tensor)}, then the hooks. */
    public Tensor call(Tensor src, Tensor residual) {
        return observe(src, forward(src, residual));
    }
}
