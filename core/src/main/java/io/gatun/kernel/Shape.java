package io.gatun.kernel;

import java.util.Arrays;
import java.util.stream.Collectors;

/** An immutable dense row-major shape. No dimension is negative; a scalar has rank 0 and one element. */
public final class Shape {
    private final int[] dims;
    private final long elements;

    private Shape(int[] dims) {
        long product = 1;
        for (int dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(dims) + " has a negative dimension");
            }
            product = Math.multiplyExact(product, dim);
        }
        this.dims = dims;
        this.elements = product;
    }

    /**
     * A shape of the given dimensions, outermost first.
     *
     * @throws IllegalArgumentException if a dimension is negative
     * @throws ArithmeticException if the number of elements exceeds a long
     */
    public static Shape of(int... dims) {
        return new Shape(dims.clone());
    }

    public int rank() {
        return dims.length;
    }

    /** Dimension {@code axis}; a negative axis counts from the end. */
    public int dim(int axis) {
        return dims[axis < 0 ? axis + dims.length : axis];
    }

    public int last() {
        return dim(-1);
    }

    public long elements() {
        return elements;
    }

    /** A copy of the dimensions. */
    public int[] dims() {
        return dims.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** Printed as {@code [2x3x4]}. */
    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Integer::toString).collect(Collectors.joining("x", "[", "]"));
    }
}
