package io.gatun.nn.data.image;

import java.util.Arrays;

/**
 * A picture being worked on: float values, usually 0 (black) to 1, row by row, the channels of a pixel side by side. Its
 * two buffers grow to what the largest picture needed and are used again for the next. For one thread.
 */
public final class Image {
    private int height;
    private int width;
    private int channels;
    private float[] values = {};
    private float[] other = {};

    /** A picture without pixels, until {@link #reset}. */
    public Image() {}

    /**
     * Makes this a picture of that size, of any content.
     *
     * @throws IllegalArgumentException when a size is below 1 or there would be 2^31 values and more
     */
    public void reset(int newHeight, int newWidth, int newChannels) {
        values = room(values, newHeight, newWidth, newChannels);
        height = newHeight;
        width = newWidth;
        channels = newChannels;
    }

    private static float[] room(float[] buffer, int height, int width, int channels) {
        long needed = (long) height * width * channels;
        if (height < 1 || width < 1 || channels < 1 || needed > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "an image of " + height + "x" + width + "x" + channels + " is empty or too large");
        }
        return buffer.length >= needed ? buffer : new float[(int) needed];
    }

    /**
     * The second buffer, for a result of that size with the same number of channels; {@link #swap} makes it the picture.
     */
    public float[] target(int newHeight, int newWidth) {
        other = room(other, newHeight, newWidth, channels);
        return other;
    }

    /** Makes what was written to {@link #target} the picture. */
    public void swap(int newHeight, int newWidth) {
        float[] held = values;
        values = other;
        other = held;
        height = newHeight;
        width = newWidth;
    }

    /**
     * Makes a part of the picture the picture; what lies outside of it is black.
     *
     * @param top row of the part's first, which may be negative
     * @param left column of the part's first, which may be negative
     */
    public void crop(int top, int left, int newHeight, int newWidth) {
        if (top == 0 && left == 0 && newHeight == height && newWidth == width) {
            return;
        }
        float[] dst = target(newHeight, newWidth);
        int line = newWidth * channels;
        int first = Math.clamp(-left, 0, newWidth);
        int end = Math.clamp(width - left, first, newWidth);
        for (int y = 0; y < newHeight; y++) {
            int at = y * line;
            int from = top + y;
            if (from < 0 || from >= height || first == end) {
                Arrays.fill(dst, at, at + line, 0);
                continue;
            }
            Arrays.fill(dst, at, at + first * channels, 0);
            int inside = (from * width + left + first) * channels;
            System.arraycopy(values, inside, dst, at + first * channels, (end - first) * channels);
            Arrays.fill(dst, at + end * channels, at + line, 0);
        }
        swap(newHeight, newWidth);
    }

    /** Mirrors left and right. */
    public void mirror() {
        for (int y = 0; y < height; y++) {
            reverse(y * width * channels, width, channels);
        }
    }

    /** Mirrors top and bottom. */
    public void turnOver() {
        reverse(0, height, width * channels);
    }

    /** Reverses the order of {@code count} groups of {@code size} values. */
    private void reverse(int from, int count, int size) {
        for (int low = from, high = from + (count - 1) * size; low < high; low += size, high -= size) {
            for (int i = 0; i < size; i++) {
                float held = values[low + i];
                values[low + i] = values[high + i];
                values[high + i] = held;
            }
        }
    }

    /** H. */
    public int height() {
        return height;
    }

    /** W. */
    public int width() {
        return width;
    }

    /** C. */
    public int channels() {
        return channels;
    }

    /** The values [H, W, C], to be read and changed in place; the array may be longer. */
    public float[] values() {
        return values;
    }

    @Override
    public String toString() {
        return height + "x" + width + "x" + channels;
    }
}
