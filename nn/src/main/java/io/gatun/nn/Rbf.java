package io.gatun.nn;

import io.gatun.autograd.Arithmetic;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Gaussian units over the last axis: dst[.., k] = exp(-β_k ‖x - c_k‖²), centres c and β learned. The distances are sums of
 * squared differences, not ‖x‖² - 2 x·c + ‖c‖², which loses its digits near a centre; so a batch takes memory for n · k · in
 * numbers.
 */
public final class Rbf extends Module {
    private final Parameter centres;
    private final Parameter beta;

    /** With centres drawn from the standard normal and β = 1. */
    public Rbf(int in, int units) {
        centres = parameter("centres", Shape.of(units, in), Init.normal(1));
        beta = parameter("beta", Shape.of(units), Init.constant(1));
    }

    @Override
    public Tensor forward(Tensor src) {
        int in = centres.shape().dim(1);
        if (src.shape().rank() == 0 || src.shape().last() != in) {
            throw new IllegalArgumentException("Rbf: src " + src.shape() + " and centres " + centres.shape()
                    + " do not fit; the last axis of src must have " + in + " entries");
        }
        Tensor rows = src.reshape(-1, 1, in);
        Tensor differences = rows.sub(centres);
        rows.release();
        Tensor distances = Arithmetic.sumOfSquares(differences, 2);
        differences.release();
        Tensor scaled = distances.mul(beta);
        distances.release();
        Tensor exponents = scaled.neg();
        scaled.release();
        Tensor values = exponents.exp();
        exponents.release();
        int[] dims = src.shape().dims();
        dims[dims.length - 1] = centres.shape().dim(0);
        Tensor dst = values.reshape(dims);
        values.release();
        return dst;
    }
}
