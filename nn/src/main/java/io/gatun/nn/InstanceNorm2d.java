package io.gatun.nn;

import io.gatun.autograd.Tensor;

/** {@link InstanceNorm} of images [n, h, w, channels], as torch.nn.InstanceNorm2d. */
public final class InstanceNorm2d extends InstanceNorm {
    /** Of PyTorch's defaults, {@link InstanceNorm.Options#DEFAULT}. */
    public InstanceNorm2d(int channels) {
        this(channels, Options.DEFAULT);
    }

    /** All there is to choose. */
    public InstanceNorm2d(int channels, Options options) {
        super(channels, options);
    }

    @Override
    public Tensor forward(Tensor src) {
        return normalize(src, 4, "[n x h x w x c]");
    }
}
