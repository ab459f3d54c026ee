package io.gatun.nn.data.image;

/** What lies beyond a picture's edge when it is resampled. */
public enum Border {
    /** Zeros, as {@code padding_mode="zeros"} of PyTorch's {@code grid_sample}. */
    BLACK,
    /** The nearest pixel of the edge, as {@code padding_mode="border"}. */
    EDGE
}
