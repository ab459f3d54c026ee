package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/**
 * Resizes a picture by a triangle filter that grows with the factor (antialiased bilinear), as torchvision's
 * {@code resize(antialias=True)} and Pillow's {@code BILINEAR} do.
 */
public final class Resize implements ImageTransform {
    private final int height;
    private final int width;

    private Resize(int height, int width) {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "a picture cannot be resized to " + height + "x" + width + "; both must be at least 1");
        }
        this.height = height;
        this.width = width;
    }

    /** To exactly this size, whatever that does to the proportions. */
    public static Resize to(int height, int width) {
        return new Resize(height, width);
    }

    /** The shorter side to {@code size}, the other in proportion, rounded down. */
    public static ImageTransform shorter(int size) {
        Resize checked = new Resize(size, size);
        return (image, _) -> {
            int h = image.height();
            int w = image.width();
            int longer = (int) ((long) checked.height * Math.max(h, w) / Math.min(h, w));
            resize(image, 0, 0, h, w, h <= w ? size : longer, h <= w ? longer : size);
        };
    }

    @Override
    public void apply(Image image, SplitMix random) {
        resize(image, 0, 0, image.height(), image.width(), height, width);
    }

    /** Makes a part of a picture the picture, resized. */
    static void resize(Image image, int top, int left, int fromHeight, int fromWidth, int height, int width) {
        if (fromHeight == height && fromWidth == width) {
            image.crop(top, left, height, width);
            return;
        }
        int channels = image.channels();
        Taps columns = new Taps(fromWidth, width);
        Taps rows = new Taps(fromHeight, height);
        float[] src = image.values();
        float[] across = image.target(fromHeight, width);
        for (int y = 0; y < fromHeight; y++) {
            columns.along(src, ((top + y) * image.width() + left) * channels, across, y * width * channels, channels);
        }
        image.swap(fromHeight, width);
        float[] dst = image.target(height, width);
        int line = width * channels;
        for (int y = 0; y < height; y++) {
            rows.down(image.values(), line, y, dst, y * line);
        }
        image.swap(height, width);
    }

    /** For each place of the result its first source place and the weights from there on, which sum to 1. */
    private static final class Taps {
        private final int[] first;
        private final int[] count;
        private final float[] weights;
        private final int most;

        /** As PyTorch's {@code _upsample_bilinear2d_aa}. */
        Taps(int from, int to) {
            double scale = (double) from / to;
            double support = Math.max(scale, 1);
            most = (int) Math.ceil(support) * 2 + 1;
            first = new int[to];
            count = new int[to];
            weights = new float[Math.multiplyExact(to, most)];
            double[] row = new double[most];
            for (int i = 0; i < to; i++) {
                double centre = scale * (i + 0.5);
                first[i] = Math.max((int) (centre - support + 0.5), 0);
                count[i] = Math.min((int) (centre + support + 0.5), from) - first[i];
                double sum = 0;
                for (int j = 0; j < count[i]; j++) {
                    row[j] = Math.max(0, 1 - Math.abs((first[i] + j - centre + 0.5) / support));
                    sum += row[j];
                }
                for (int j = 0; j < count[i]; j++) {
                    weights[i * most + j] = (float) (row[j] / sum);
                }
            }
        }

        /** One row of pixels. */
        void along(float[] src, int from, float[] dst, int at, int channels) {
            for (int i = 0; i < first.length; i++) {
                for (int c = 0; c < channels; c++) {
                    int place = from + first[i] * channels + c;
                    float sum = 0;
                    for (int j = 0; j < count[i]; j++) {
                        sum += weights[i * most + j] * src[place + j * channels];
                    }
                    dst[at + i * channels + c] = sum;
                }
            }
        }

        /** One row of the result out of whole rows. */
        void down(float[] src, int line, int row, float[] dst, int at) {
            for (int i = 0; i < line; i++) {
                dst[at + i] = 0;
            }
            for (int j = 0; j < count[row]; j++) {
                float weight = weights[row * most + j];
                int from = (first[row] + j) * line;
                for (int i = 0; i < line; i++) {
                    dst[at + i] += weight * src[from + i];
                }
            }
        }
    }
}
