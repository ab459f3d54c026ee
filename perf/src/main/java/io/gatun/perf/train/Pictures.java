package io.gatun.perf.train;

import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.data.image.Image;
import io.gatun.nn.data.image.Resize;
import io.gatun.nn.log.Png;
import java.util.Base64;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Image sets as a net takes them, and pictures as a report does. */
final class Pictures {
    /** Rows and columns of a digit of MNIST. */
    static final int SMALL = 28;

    private Pictures() {}

    /** Grey images as red = green = blue. */
    static ImageData colour(ImageData data) {
        return data.train().channels() == 3 ? data : map(data, Pictures::colour);
    }

    /** Images as MNIST's: grey, 28x28. */
    static ImageData greySmall(ImageData data) {
        ImageDataset train = data.train();
        boolean small = train.channels() == 1 && train.height() == SMALL && train.width() == SMALL;
        return small ? data : map(data, Pictures::greySmall);
    }

    /** The pictures of classes {@code from} to {@code to - 1}, which become the classes 0, 1, …. */
    static ImageData classes(ImageData data, int from, int to) {
        UnaryOperator<ImageDataset> those = set -> pick(
                set,
                IntStream.range(0, set.size())
                        .filter(i -> set.labels()[i] >= from && set.labels()[i] < to)
                        .toArray(),
                from,
                to - from);
        return ImageData.of(
                data.name(),
                those.apply(data.train()),
                those.apply(data.test()),
                data.classNames().subList(from, to));
    }

    /** The first so many pictures of each class, again and again until every class was seen {@code times} times so often. */
    static ImageDataset few(ImageDataset set, int ofEach, int times) {
        int[] taken = new int[set.classes()];
        int[] first = IntStream.range(0, set.size())
                .filter(i -> taken[set.labels()[i]]++ < ofEach)
                .toArray();
        int[] again = IntStream.range(0, times * first.length)
                .map(i -> first[i % first.length])
                .toArray();
        return pick(set, again, 0, set.classes());
    }

    private static ImageDataset pick(ImageDataset set, int[] which, int firstClass, int classes) {
        int size = set.imageBytes();
        byte[] pixels = new byte[Math.multiplyExact(which.length, size)];
        int[] labels = new int[which.length];
        for (int i = 0; i < which.length; i++) {
            System.arraycopy(set.pixels(), which[i] * size, pixels, i * size, size);
            labels[i] = set.labels()[which[i]] - firstClass;
        }
        return new ImageDataset(set.height(), set.width(), set.channels(), classes, pixels, labels);
    }

    private static ImageData map(ImageData data, UnaryOperator<ImageDataset> change) {
        return ImageData.of(data.name(), change.apply(data.train()), change.apply(data.test()), data.classNames());
    }

    private static ImageDataset colour(ImageDataset grey) {
        byte[] pixels = new byte[3 * grey.pixels().length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = grey.pixels()[i / 3];
        }
        return new ImageDataset(grey.height(), grey.width(), 3, grey.classes(), pixels, grey.labels());
    }

    private static ImageDataset greySmall(ImageDataset set) {
        int size = SMALL * SMALL;
        byte[] pixels = new byte[Math.multiplyExact(set.size(), size)];
        int count = set.height() * set.width();
        Image image = new Image();
        Resize resize = Resize.to(SMALL, SMALL);
        for (int i = 0; i < set.size(); i++) {
            image.reset(set.height(), set.width(), 1);
            for (int p = 0; p < count; p++) {
                image.values()[p] = brightness(set, i * count + p);
            }
            resize.apply(image, null);
            for (int p = 0; p < size; p++) {
                pixels[i * size + p] = toByte(image.values()[p]);
            }
        }
        return new ImageDataset(SMALL, SMALL, 1, set.classes(), pixels, set.labels());
    }

    /** Of one pixel, 0 to 255: the luma of ITU-R BT.601. */
    private static float brightness(ImageDataset set, int pixel) {
        byte[] pixels = set.pixels();
        if (set.channels() == 1) {
            return pixels[pixel] & 0xFF;
        }
        int at = pixel * 3;
        return 0.299f * (pixels[at] & 0xFF) + 0.587f * (pixels[at + 1] & 0xFF) + 0.114f * (pixels[at + 2] & 0xFF);
    }

    /** The nearest of 0 to 255. */
    static byte toByte(float value) {
        return (byte) Math.clamp(Math.round(value), 0, 255);
    }

    /** One of a report's pictures. */
    static Map<String, Object> forReport(String caption, byte[] pixels, int height, int width, int channels) {
        String png = Base64.getEncoder().encodeToString(Png.encode(pixels, height, width, channels));
        return Map.of("caption", caption, "png", png);
    }
}
