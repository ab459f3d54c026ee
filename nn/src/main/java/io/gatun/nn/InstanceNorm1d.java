package io.gatun.nn;

import io.gatun.autograd.Tensor;

/** {@link InstanceNorm} of sequences [n, l, channels], as torch.nn.InstanceNorm1d. */
public final class InstanceNorm1d extends InstanceNorm {
    /** Of PyTorch's defaults, {@link InstanceNorm.Options#DEFAULT}. */
    public InstanceNorm1d(int channels) {
        this(channels, Options.DEFAULT);
    }

    /** All there is to choose. */
    public InstanceNorm1d(int channels, Options options) {
        super(channels, options);
    }

    @Override
    public Tensor forward(Tensor src) {
        return normalize(src, 3, "[n x l x c]");
    }
}
