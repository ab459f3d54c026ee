package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import java.lang.foreign.MemorySegment;
import java.util.function.DoubleSupplier;

/**
 * Products of a loss's Hessian with vectors by central differences of the gradient: H z ≈ (g(w + h z) − g(w − h z)) / 2h,
 * two evaluations each. Gradients are exact to some 1e-6 of their size and the third derivative costs h², so h is the
 * cube root of 6e-8, 3.9e-3, times the root mean square of the weights over that of z: a relative error of some 1e-4 where
 * the loss is smooth. Across the kink of a ReLU it is the difference's slope, not the derivative's.
 *
 * <p>One thread at a time. Close it before the parameters.
 */
public final class HessianVector implements AutoCloseable {
    private static final double STEP = Math.cbrt(0x1p-24);

    private final Parameters parameters;
    private final ParameterScope scope;
    private final MemorySegment x;
    private final MemorySegment below;

    /** With memory for two vectors of the parameters' size. */
    public HessianVector(NativeMemory memory, Parameters parameters) {
        parameters.requireHost("a product with the Hessian");
        this.parameters = parameters;
        this.scope = memory.parameters("hessian");
        try {
            this.x = scope.allocate(4 * parameters.count(), "weights");
            this.below = scope.allocate(4 * parameters.count(), "gradient below");
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    /**
     * H z at the parameters' values, which are the same afterwards; gradients are zero.
     *
     * @param closure a forward and backward of the same batch, each time from a fresh step of the tape; gives the loss
     * @param z of the layout of {@link Parameters#values}
     * @param product of the same layout; zero for frozen parameters
     */
    public void product(DoubleSupplier closure, MemorySegment z, MemorySegment product) {
        product(new LossClosure(parameters, closure), z, product);
    }

    void product(LossClosure loss, MemorySegment z, MemorySegment product) {
        x.copyFrom(parameters.values());
        double weights = Math.sqrt(Flat.dot(x, x));
        double length = Math.sqrt(Flat.dot(z, z));
        if (!(length > 0)) {
            product.fill((byte) 0);
            return;
        }
        double h = STEP * (weights > 0 ? weights : Math.sqrt(Flat.count(x))) / length;
        try {
            loss.evaluate(x, h, z, product);
            loss.evaluate(x, -h, z, below);
        } finally {
            parameters.values().copyFrom(x);
            parameters.changed();
            parameters.zeroGradients();
        }
        Flat.add(product, -1, below, product);
        Flat.scale(1 / (2 * h), product, product);
    }

    @Override
    public void close() {
        scope.close();
    }
}
