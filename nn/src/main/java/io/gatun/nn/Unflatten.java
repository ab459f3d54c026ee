package io.gatun.nn;

import io.gatun.autograd.Tensor;
import java.util.Arrays;

/** The opposite of {@link Flatten}: [n, h·w·c] becomes [n, h, w, c], without a copy; as torch.nn.Unflatten(1, …). */
public final class Unflatten extends Module {
    private final int[] dims;

    /** All axes behind the first. */
    public Unflatten(int... dims) {
        this.dims = new int[dims.length + 1];
        System.arraycopy(dims, 0, this.dims, 1, dims.length);
    }

    @Override
    public Tensor forward(Tensor src) {
        if (src.shape().rank() != 2) {
            throw new IllegalArgumentException("Unflatten: src " + src.shape() + " for "
                    + Arrays.toString(Arrays.copyOfRange(dims, 1, dims.length)) + " must be [n x features]");
        }
        int[] shape = dims.clone();
        shape[0] = src.shape().dim(0);
        return src.reshape(shape);
    }
}
