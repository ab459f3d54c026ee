package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Batch normalization over all axes but the last (Ioffe and Szegedy 2015), as torch.nn.BatchNorm1d and 2d: dst = weight (src -
 * mean) / sqrt(var + eps) + bias, in training with the batch's mean and biased variance, in inference with the running ones.
 *
 * <p>running ← (1 - momentum) running + momentum batch, the variance unbiased: momentum is the weight of the new batch, 0.1, and
 * not Keras's 0.9 of the old.
 */
public abstract sealed class BatchNorm extends Module permits BatchNorm1d, BatchNorm2d {
    /**
     * What may be chosen, as torch.nn's arguments; each method gives a changed copy.
     *
     * @param eps added to the variance, above 0
     * @param momentum weight of a batch in the running statistics, or {@link Images.Norm#CUMULATIVE}
     * @param affine whether there are a weight and a bias
     * @param trackRunningStats whether there are running statistics; without, inference uses the batch too
     * @param relu whether a ReLU rides in the same pass
     */
    public record Options(float eps, float momentum, boolean affine, boolean trackRunningStats, boolean relu) {
        /** eps 1e-5, momentum 0.1, weight, bias and running statistics. */
        public static final Options DEFAULT = new Options(1e-5f, 0.1f, true, true, false);

        /**
         * @throws IllegalArgumentException if eps is not positive or momentum not within 0 and 1
         */
        public Options {
            Affine.requireEps("BatchNorm", eps);
            if (!(momentum >= 0 && momentum <= 1) && momentum != Images.Norm.CUMULATIVE) {
                throw new IllegalArgumentException("BatchNorm: momentum=" + momentum
                        + " is the weight of the new batch and must be within 0 and 1; PyTorch's default is 0.1");
            }
        }

        public Options eps(float value) {
            return new Options(value, momentum, affine, trackRunningStats, relu);
        }

        public Options momentum(float value) {
            return new Options(eps, value, affine, trackRunningStats, relu);
        }

        /** The plain mean of all batches so far, as PyTorch's {@code momentum=None}. */
        public Options cumulative() {
            return momentum(Images.Norm.CUMULATIVE);
        }

        public Options affine(boolean with) {
            return new Options(eps, momentum, with, trackRunningStats, relu);
        }

        public Options trackRunningStats(boolean with) {
            return new Options(eps, momentum, affine, with, relu);
        }

        public Options relu(boolean with) {
            return new Options(eps, momentum, affine, trackRunningStats, with);
        }
    }

    final Options options;
    final int channels;
    final Parameter weight;
    final Parameter bias;
    final Parameter runningMean;
    final Parameter runningVar;
    private final Parameter batches;

    BatchNorm(int channels, Options options) {
        this.options = options;
        this.channels = channels;
        Shape shape = Shape.of(channels);
        weight = options.affine ? parameter("weight", shape, Initializer.ONES) : null;
        bias = options.affine ? parameter("bias", shape, Initializer.ZEROS) : null;
        runningMean = options.trackRunningStats ? buffer("running_mean", shape, Initializer.ZEROS) : null;
        runningVar = options.trackRunningStats ? buffer("running_var", shape, Initializer.ONES) : null;
        batches = options.trackRunningStats ? counter("num_batches_tracked") : null;
    }

    final Tensor normalize(Tensor src, Tensor residual) {
        Affine.requireChannels(getClass().getSimpleName(), src, channels);
        var norm = new Images.Norm(
                weight, bias, runningMean, runningVar, batches, options.eps, options.momentum, training());
        return Images.batchNorm(src, norm, residual, options.relu);
    }
}
