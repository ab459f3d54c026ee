package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Batch normalization over all axes but the last, as torch.nn.BatchNorm2d: eps 1e-5, momentum 0.1 (the weight of the new
 * batch), running variance unbiased; {@code num_batches_tracked} counts the batches in them. Residual add and ReLU can
 * ride in the same pass.
 */
public final class BatchNorm2d extends Module {
    private static final float EPS = 1e-5f;
    private static final float MOMENTUM = 0.1f;

    private final Parameter weight;
    private final Parameter bias;
    private final Parameter runningMean;
    private final Parameter runningVar;
    private final Parameter batches;
    private final boolean relu;

    public BatchNorm2d(int channels) {
        this(channels, false);
    }

    /** With a ReLU behind it if wanted. */
    public BatchNorm2d(int channels, boolean relu) {
        this.relu = relu;
        Shape shape = Shape.of(channels);
        weight = parameter("weight", shape, Initializer.ONES);
        bias = parameter("bias", shape, Initializer.ZEROS);
        runningMean = buffer("running_mean", shape, Initializer.ZEROS);
        runningVar = buffer("running_var", shape, Initializer.ONES);
        batches = counter("num_batches_tracked");
    }

    @Override
    public Tensor forward(Tensor src) {
        return forward(src, null);
    }

    /** Adds {@code residual}, if not null, before the ReLU. */
    public Tensor forward(Tensor src, Tensor residual) {
        var norm = new Images.Norm(weight, bias, runningMean, runningVar, batches, EPS, MOMENTUM, training());
        return Images.batchNorm(src, norm, residual, relu);
    }

    /** {@link #forward(Tensor, Tensor)}, then the hooks. */
    public Tensor call(Tensor src, Tensor residual) {
        return observe(src, forward(src, residual));
    }
}
