package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Initializer;
import io.gatun.autograd.Norms;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Instance normalization (Ulyanov et al. 2016), as torch.nn.InstanceNorm1d and 2d: each channel of each sample over its pixels,
 * with the biased variance. By default without weight, bias and running statistics, and then the same in inference.
 */
public abstract sealed class InstanceNorm extends Module permits InstanceNorm1d, InstanceNorm2d {
    /**
     * What may be chosen, as torch.nn's arguments; each method gives a changed copy.
     *
     * @param eps added to the variance, above 0
     * @param momentum weight of a batch in the running statistics
     * @param affine whether there are a weight and a bias
     * @param trackRunningStats whether there are running statistics, which inference then uses
     */
    public record Options(float eps, float momentum, boolean affine, boolean trackRunningStats) {
        /** eps 1e-5, momentum 0.1, nothing learned, nothing tracked. */
        public static final Options DEFAULT = new Options(1e-5f, 0.1f, false, false);

        /**
         * @throws IllegalArgumentException if eps is not positive or momentum not within 0 and 1
         */
        public Options {
            Affine.requireEps("InstanceNorm", eps);
            if (!(momentum >= 0 && momentum <= 1)) {
                throw new IllegalArgumentException("InstanceNorm: momentum=" + momentum
                        + " is the weight of the new batch and must be within 0 and 1; PyTorch's default is 0.1");
            }
        }

        public Options eps(float value) {
            return new Options(value, momentum, affine, trackRunningStats);
        }

        public Options momentum(float value) {
            return new Options(eps, value, affine, trackRunningStats);
        }

        public Options affine(boolean with) {
            return new Options(eps, momentum, with, trackRunningStats);
        }

        public Options trackRunningStats(boolean with) {
            return new Options(eps, momentum, affine, with);
        }
    }

    private final Options options;
    private final int channels;
    private final Parameter weight;
    private final Parameter bias;
    private final Parameter runningMean;
    private final Parameter runningVar;

    InstanceNorm(int channels, Options options) {
        this.options = options;
        this.channels = channels;
        Shape shape = Shape.of(channels);
        weight = options.affine ? parameter("weight", shape, Initializer.ONES) : null;
        bias = options.affine ? parameter("bias", shape, Initializer.ZEROS) : null;
        runningMean = options.trackRunningStats ? buffer("running_mean", shape, Initializer.ZEROS) : null;
        runningVar = options.trackRunningStats ? buffer("running_var", shape, Initializer.ONES) : null;
        if (options.trackRunningStats) {
            // PyTorch saves it too, and never counts.
            counter("num_batches_tracked");
        }
    }

    final Tensor normalize(Tensor src, int rank, String layout) {
        if (src.shape().rank() != rank) {
            throw new IllegalArgumentException(
                    getClass().getSimpleName() + ": src " + src.shape() + " must be " + layout);
        }
        Affine.requireChannels(getClass().getSimpleName(), src, channels);
        if (!training() && options.trackRunningStats) {
            var norm =
                    new Images.Norm(weight, bias, runningMean, runningVar, null, options.eps, options.momentum, false);
            return Images.batchNorm(src, norm, null, false);
        }
        return Norms.instanceNorm(src, weight, bias, runningMean, runningVar, options.momentum, options.eps);
    }
}
