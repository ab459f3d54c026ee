package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Norms;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Group normalization of [n, …, c], as torch.nn.GroupNorm (Wu and He 2018): of each sample each group of neighbouring
 * channels over those channels and all pixels, with the biased variance; the same in training and inference.
 */
public final class GroupNorm extends Module {
    private final int groups;
    private final int channels;
    private final float eps;
    private final Parameter weight;
    private final Parameter bias;

    /** eps 1e-5, with weight and bias [channels]. */
    public GroupNorm(int groups, int channels) {
        this(groups, channels, 1e-5f, true);
    }

    /**
     * All there is to choose.
     *
     * @param affine whether there are a weight and a bias for each channel
     * @throws IllegalArgumentException if the channels cannot be divided into so many groups, or eps is not positive
     */
    public GroupNorm(int groups, int channels, float eps, boolean affine) {
        if (groups < 1 || channels < 1 || channels % groups != 0) {
            throw new IllegalArgumentException("GroupNorm: " + channels + " channels cannot be divided into " + groups
                    + " groups; choose a divisor");
        }
        Affine.requireEps("GroupNorm", eps);
        this.groups = groups;
        this.channels = channels;
        this.eps = eps;
        weight = affine ? parameter("weight", Shape.of(channels), Initializer.ONES) : null;
        bias = affine ? parameter("bias", Shape.of(channels), Initializer.ZEROS) : null;
    }

    @Override
    public Tensor forward(Tensor src) {
        Shape s = src.shape();
        Affine.requireChannels("GroupNorm", src, channels);
        if (training() && s.dim(0) * (s.elements() / Math.max(1, s.dim(0))) == groups) {
            throw new IllegalArgumentException(
                    "GroupNorm: src " + s + " has one value for each of " + groups + " groups; training needs more");
        }
        return Norms.groupNorm(src, groups, weight, bias, eps);
    }
}
