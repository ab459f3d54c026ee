package io.gatun.nn.data.image;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Field;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.Standardization;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Pictures as a data set: each is decoded, goes through some transforms, and is standardized. Fields {@code images} f32
 * [H, W, C] and {@code labels} i32 [].
 */
public final class ImagePipeline implements Dataset {
    private final ImageSource source;
    private final int height;
    private final int width;
    private final Standardization standardization;
    private final List<ImageTransform> transforms;
    private final List<Field> fields;

    /**
     * A set of pictures of one size.
     *
     * @param height of every picture after the transforms
     * @param width of every picture after the transforms
     * @param standardization constants of the training set, or {@link Standardization#none}
     * @param transforms done in this order; those that are an {@link Augment} only in training
     * @throws IllegalArgumentException when the constants are for another number of channels
     */
    public ImagePipeline(
            ImageSource source, int height, int width, Standardization standardization, ImageTransform... transforms) {
        if (standardization.mean().length != source.channels()) {
            throw new IllegalArgumentException("standardization of " + standardization.mean().length
                    + " channels does not fit images of " + source.channels());
        }
        this.source = source;
        this.height = height;
        this.width = width;
        this.standardization = standardization;
        this.transforms = List.of(transforms);
        Shape shape = Shape.of(height, width, source.channels());
        fields = List.of(new Field("images", DType.F32, shape), new Field("labels", DType.I32, Shape.of()));
    }

    @Override
    public int size() {
        return source.size();
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    @Override
    public Reader reader() {
        Image image = new Image();
        float[] mean = standardization.mean();
        float[] std = standardization.std();
        long bytes = fields.getFirst().bytes();
        int count = (int) fields.getFirst().shape().elements();
        return (sample, random, targets, place) -> {
            load(sample, image, random);
            standardize(image.values(), count, mean, std);
            MemorySegment.copy(image.values(), 0, targets[0], ValueLayout.JAVA_FLOAT, place * bytes, count);
            targets[1].setAtIndex(ValueLayout.JAVA_INT, place, source.label(sample));
        };
    }

    /**
     * Decodes all pictures of a source once, into bytes in memory: for sets that fit there, which then need no decoding in
     * each epoch. On this thread.
     *
     * @param transforms done once for every picture, as in an evaluation
     * @throws IllegalArgumentException when a picture is not of that size after the transforms, or all are 2 GiB and more
     */
    public static ImageDataset inMemory(ImageSource source, int height, int width, ImageTransform... transforms) {
        int count = Math.multiplyExact(Math.multiplyExact(height, width), source.channels());
        if ((long) count * source.size() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(source.size() + " images of " + count
                    + " bytes are too many for one array; load them as they are needed, by an ImagePipeline");
        }
        byte[] pixels = new byte[count * source.size()];
        int[] labels = new int[source.size()];
        Image image = new Image();
        ImagePipeline pipeline =
                new ImagePipeline(source, height, width, Standardization.none(source.channels()), transforms);
        for (int sample = 0; sample < labels.length; sample++) {
            pipeline.load(sample, image, null);
            for (int i = 0; i < count; i++) {
                pixels[sample * count + i] = (byte) Math.round(Math.clamp(image.values()[i], 0f, 1f) * 255);
            }
            labels[sample] = source.label(sample);
        }
        int classes = source.classNames().size();
        return new ImageDataset(height, width, source.channels(), classes, pixels, labels);
    }

    private void load(int sample, Image image, SplitMix random) {
        source.load(sample, image);
        for (ImageTransform transform : transforms) {
            transform.apply(image, random);
        }
        if (image.height() != height || image.width() != width || image.channels() != source.channels()) {
            throw new IllegalArgumentException(source.name(sample) + " is " + image + " after its transforms, not "
                    + height + "x" + width + "x" + source.channels()
                    + "; end them with a Resize or a crop to that size");
        }
    }

    private static void standardize(float[] values, int count, float[] mean, float[] std) {
        int channels = mean.length;
        for (int i = 0; i < count; i += channels) {
            for (int c = 0; c < channels; c++) {
                values[i + c] = (values[i + c] - mean[c]) / std[c];
            }
        }
    }
}
