package io.gatun.nn;

import io.gatun.autograd.Tensor;

/**
 * dst = body(src) + src, or + projection(src) where the body changes the shape (He et al. 2016). Any body will do;
 * {@link ResidualBlock} is the ResNet's own, in fewer passes over memory.
 */
public final class Residual extends Module {
    private final Module body;
    private final Module projection;

    /** With the source itself as the shortcut; the body keeps the shape. */
    public Residual(Module body) {
        this(body, null);
    }

    /** With a projected shortcut; null for the source itself. */
    public Residual(Module body, Module projection) {
        this.body = child("body", body);
        this.projection = projection == null ? null : child("projection", projection);
    }

    @Override
    public Tensor forward(Tensor src) {
        Tensor value = body.call(src);
        Tensor shortcut = projection == null ? src : projection.call(src);
        if (!value.shape().equals(shortcut.shape())) {
            throw new IllegalArgumentException("Residual: the body makes " + value.shape() + " of " + src.shape()
                    + ", the shortcut is " + shortcut.shape() + "; give a projection that makes the same shape");
        }
        Tensor sum = value.add(shortcut);
        for (Tensor part : new Tensor[] {value, shortcut}) {
            if (part != src) {
                part.release();
            }
        }
        return sum;
    }
}
