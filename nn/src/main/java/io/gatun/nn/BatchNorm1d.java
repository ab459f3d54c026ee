package io.gatun.nn;

import io.gatun.autograd.Tensor;

/** {@link BatchNorm} of features [n, channels] or sequences [n, l, channels], as torch.nn.BatchNorm1d. */
public final class BatchNorm1d extends BatchNorm {
    /** Of PyTorch's defaults, {@link BatchNorm.Options#DEFAULT}. */
    public BatchNorm1d(int channels) {
        this(channels, Options.DEFAULT);
    }

    /** All there is to choose. */
    public BatchNorm1d(int channels, Options options) {
        super(channels, options);
    }

    @Override
    public Tensor forward(Tensor src) {
        if (src.shape().rank() != 2 && src.shape().rank() != 3) {
            throw new IllegalArgumentException("BatchNorm1d: src " + src.shape()
                    + " is neither [n x c] nor [n x l x c]; use BatchNorm2d for images");
        }
        return normalize(src, null);
    }
}
