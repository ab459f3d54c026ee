package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Norms;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Layer normalization, as torch.nn.LayerNorm (Ba et al. 2016): each sample over its last axes, dst = weight (src - mean) /
 * sqrt(var + eps) + bias with the biased variance; the same in training and inference. weight and bias have the shape of
 * those axes.
 */
public final class LayerNorm extends Module {
    private final Shape normalized;
    private final float eps;
    private final Parameter weight;
    private final Parameter bias;

    /** Over the last axes, which have these dimensions; eps 1e-5, with weight and bias. */
    public LayerNorm(int... normalizedShape) {
        this(Shape.of(normalizedShape), 1e-5f, true, true);
    }

    /**
     * All there is to choose.
     *
     * @param elementwiseAffine whether there is a weight
     * @param withBias whether there is a bias too; without a weight there is none
     * @throws IllegalArgumentException if the shape is empty or eps is not positive
     */
    public LayerNorm(Shape normalizedShape, float eps, boolean elementwiseAffine, boolean withBias) {
        if (normalizedShape.rank() == 0 || normalizedShape.elements() == 0) {
            throw new IllegalArgumentException(
                    "LayerNorm: the normalized shape " + normalizedShape + " has no element; give the last dimensions");
        }
        Affine.requireEps("LayerNorm", eps);
        this.normalized = normalizedShape;
        this.eps = eps;
        weight = elementwiseAffine ? parameter("weight", normalizedShape, Initializer.ONES) : null;
        bias = elementwiseAffine && withBias ? parameter("bias", normalizedShape, Initializer.ZEROS) : null;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Norms.layerNorm(src, normalized, weight, bias, eps);
    }
}
