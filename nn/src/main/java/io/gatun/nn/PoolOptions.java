package io.gatun.nn;

import io.gatun.autograd.Pools;

/**
 * What a pool may choose, as the arguments of torch.nn.MaxPool2d and AvgPool2d with their defaults: the stride is the window, no
 * padding. Each method gives a changed copy: {@code PoolOptions.window(3, 2).stride(2).padding(1, 1).ceilMode(true)}. Layers
 * of sequences use the second of two numbers.
 *
 * @param ceilMode whether a last window may stick out, if it begins inside the image or its left padding
 * @param countIncludePad whether a mean counts padding as zeros; else it divides by the elements of the image
 */
public record PoolOptions(int kh, int kw, int sh, int sw, int ph, int pw, boolean ceilMode, boolean countIncludePad) {

    /**
     * @throws IllegalArgumentException if a number is out of its range; as in PyTorch the padding is at most half the window
     */
    public PoolOptions {
        if (kh < 1 || kw < 1 || sh < 1 || sw < 1) {
            throw new IllegalArgumentException(
                    "a pool's window " + kh + "x" + kw + " and stride " + sh + "x" + sw + " must be at least 1");
        }
        if (ph < 0 || pw < 0 || ph > kh / 2 || pw > kw / 2) {
            throw new IllegalArgumentException("a pool's padding " + ph + "x" + pw
                    + " must be at least 0 and at most half of its window " + kh + "x" + kw);
        }
    }

    /** A square window, or one of a sequence. */
    public static PoolOptions window(int size) {
        return window(size, size);
    }

    /** A window of so many rows and columns. */
    public static PoolOptions window(int rows, int cols) {
        return new PoolOptions(rows, cols, rows, cols, 0, 0, false, true);
    }

    /** Pixels between neighbouring windows, at least 1; the window's size unless said. */
    public PoolOptions stride(int both) {
        return stride(both, both);
    }

    /** As {@link #stride(int)}, down and across. */
    public PoolOptions stride(int rows, int cols) {
        return new PoolOptions(kh, kw, rows, cols, ph, pw, ceilMode, countIncludePad);
    }

    /** Places on each side that a maximum does not see and a mean takes as 0; at most half a window, 0 unless said. */
    public PoolOptions padding(int both) {
        return padding(both, both);
    }

    /** As {@link #padding(int)}, above and below, left and right. */
    public PoolOptions padding(int rows, int cols) {
        return new PoolOptions(kh, kw, sh, sw, rows, cols, ceilMode, countIncludePad);
    }

    /** Whether a last window that sticks out counts; it does not unless said. */
    public PoolOptions ceilMode(boolean up) {
        return new PoolOptions(kh, kw, sh, sw, ph, pw, up, countIncludePad);
    }

    /** Whether a mean divides by the whole window, padding included; it does unless said. */
    public PoolOptions countIncludePad(boolean zeros) {
        return new PoolOptions(kh, kw, sh, sw, ph, pw, ceilMode, zeros);
    }

    Pools.Window window() {
        return new Pools.Window(kh, kw, sh, sw, ph, pw, ceilMode);
    }
}
