package io.gatun.nn.data;

import io.gatun.kernel.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Per-channel constants that turn a byte into a network input: {@code y = (x / 255 - mean[c]) / std[c]}.
 *
 * @param mean C means of x / 255, each in [0, 1]
 * @param std C standard deviations of x / 255, each above 0
 */
public record Standardization(float[] mean, float[] std) {

    /** @throws IllegalArgumentException when the lengths differ or a deviation is not above 0 */
    public Standardization {
        if (mean.length != std.length || mean.length == 0) {
            throw new IllegalArgumentException(
                    "standardization needs as many means as deviations, got " + mean.length + " and " + std.length);
        }
        for (float deviation : std) {
            if (!(deviation > 0)) {
                throw new IllegalArgumentException("standard deviation " + deviation + " must be above 0");
            }
        }
        mean = mean.clone();
        std = std.clone();
    }

    /** Mean and population deviation of every channel of a training set; a constant channel gets deviation 1. */
    public static Standardization of(ImageDataset train) {
        int channels = train.channels();
        byte[] pixels = train.pixels();
        if (pixels.length == 0) {
            throw new IllegalArgumentException("cannot standardize by an empty training set");
        }
        // Bytes sum exactly in long: 2^31 pixels x 255^2 is under 2^48.
        long[] sum = new long[channels];
        long[] squares = new long[channels];
        for (int i = 0; i < pixels.length; ) {
            for (int c = 0; c < channels; c++, i++) {
                int x = pixels[i] & 0xFF;
                sum[c] += x;
                squares[c] += x * x;
            }
        }
        double count = pixels.length / channels;
        float[] mean = new float[channels];
        float[] std = new float[channels];
        for (int c = 0; c < channels; c++) {
            double m = sum[c] / count;
            double variance = squares[c] / count - m * m;
            mean[c] = (float) (m / 255);
            std[c] = variance > 1e-6 ? (float) (Math.sqrt(variance) / 255) : 1f;
        }
        return new Standardization(mean, std);
    }

    /** Leaves x / 255 as it is. */
    public static Standardization none(int channels) {
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        return new Standardization(new float[channels], ones);
    }

    /**
     * Mean and population deviation of every channel of a training set whose values are 0 to 1, that is whose own
     * standardization is {@link #none}. Reads every sample once, as in an evaluation, on this thread.
     *
     * @param field the images, f32 [..., C]
     * @throws IllegalArgumentException when the set is empty or the field is not float32
     */
    public static Standardization fit(Dataset train, String field) {
        int place = train.field(field);
        Field images = train.fields().get(place);
        if (images.type() != DType.F32 || images.shape().rank() == 0 || train.size() == 0) {
            throw new IllegalArgumentException("cannot fit a standardization to " + train.size() + " samples of "
                    + images + ": needs at least one, f32 and with channels");
        }
        MemorySegment[] targets = train.fields().stream()
                .map(f -> MemorySegment.ofArray(new long[(int) ((f.bytes() + 7) / 8)]))
                .toArray(MemorySegment[]::new);
        Dataset.Reader reader = train.reader();
        int channels = images.shape().last();
        long elements = images.shape().elements();
        double[] sum = new double[channels];
        double[] squares = new double[channels];
        for (int sample = 0; sample < train.size(); sample++) {
            reader.read(sample, null, targets, 0);
            for (long i = 0; i < elements; i++) {
                // From the middle, so that squares and the square of the sum do not cancel.
                double x = targets[place].getAtIndex(ValueLayout.JAVA_FLOAT, i) - 0.5;
                sum[(int) (i % channels)] += x;
                squares[(int) (i % channels)] += x * x;
            }
        }
        double count = (double) elements / channels * train.size();
        float[] mean = new float[channels];
        float[] std = new float[channels];
        for (int c = 0; c < channels; c++) {
            double m = sum[c] / count;
            double variance = squares[c] / count - m * m;
            mean[c] = (float) (m + 0.5);
            std[c] = variance > 1e-10 ? (float) Math.sqrt(variance) : 1f;
        }
        return new Standardization(mean, std);
    }

    /**
     * What each byte becomes: 256 inputs for each channel, by unsigned byte value, one channel after the other. What {@link
     * io.gatun.autograd.Images#cropMirrorNormalize} takes.
     */
    public float[] table() {
        float[] table = new float[256 * mean.length];
        for (int i = 0; i < table.length; i++) {
            int channel = i / 256;
            table[i] = (float) ((i % 256 / 255.0 - mean[channel]) / std[channel]);
        }
        return table;
    }

    @Override
    public float[] mean() {
        return mean.clone();
    }

    @Override
    public float[] std() {
        return std.clone();
    }
}
