package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import java.util.Arrays;

/**
 * {@link BatchNorm} of images [n, h, w, channels], as torch.nn.BatchNorm2d; {@code num_batches_tracked} counts the batches in
 * the running statistics. Residual add and ReLU can ride in the same pass.
 */
public final class BatchNorm2d extends BatchNorm {
    /** Whether the convolution before this does the norm, and whether a residual is then still to be added. */
    private boolean folded;

    private boolean sums;

    /** Of PyTorch's defaults, {@link BatchNorm.Options#DEFAULT}. */
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
        if (folded) {
            return left(src, residual);
        }
        if (src.shape().rank() != 4) {
            throw new IllegalArgumentException(
                    "BatchNorm2d: src " + src.shape() + " is no batch of images [n x h x w x c]; use BatchNorm1d");
        }
        return normalize(src, residual);
    }

    /** Whether the numbers that {@link #foldInto} needs are all there. */
    boolean canFold() {
        return options.affine() && options.trackRunningStats();
    }

    /**
     * With s = γ / √(σ² + ε): w' = w · s into the filters, and b' = β + (b - μ) · s into this norm's bias, since the flat
     * memory of a net has no room for a new one; the convolution adds it from now on.
     */
    void foldInto(Conv2d conv, boolean residual) {
        float[] gamma = weight.toArray();
        float[] beta = bias.toArray();
        float[] mean = runningMean.toArray();
        float[] variance = runningVar.toArray();
        double[] scale = new double[channels];
        double[] own = conv.bias();
        for (int c = 0; c < channels; c++) {
            scale[c] = gamma[c] / Math.sqrt((double) variance[c] + options.eps());
            beta[c] = (float) (beta[c] + (own[c] - mean[c]) * scale[c]);
        }
        bias.copyFrom(beta);
        conv.fold(scale, bias, options.relu() && !residual);
        folded = true;
        sums = residual;
        if (sums) {
            keepSum();
        }
    }

    @Override
    boolean folded() {
        return folded;
    }

    /** One pass of a norm with γ / √(σ² + ε) = 1 and β = μ = 0 adds the residual and applies the ReLU. */
    private void keepSum() {
        float[] values = new float[channels];
        runningMean.copyFrom(values);
        Arrays.fill(values, 1);
        weight.copyFrom(values);
        Arrays.fill(values, 1 - options.eps());
        runningVar.copyFrom(values);
    }

    private Tensor left(Tensor src, Tensor residual) {
        if (sums != (residual != null)) {
            throw new IllegalArgumentException("BatchNorm2d: was folded as one " + (sums ? "with" : "without")
                    + " a residual and is called otherwise; its module's foldable() must say which it is");
        }
        if (!sums) {
            return src;
        }
        Parameter zero = runningMean;
        var sum = new Images.Norm(weight, zero, zero, runningVar, null, options.eps(), 0, false);
        return Images.batchNorm(src, sum, residual, options.relu());
    }

    /** {@link #forward(Tensor, Tensor)}, then the hooks. */
    public Tensor call(Tensor src, Tensor residual) {
        return observe(src, forward(src, residual));
    }
}
