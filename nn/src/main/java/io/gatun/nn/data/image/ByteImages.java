package io.gatun.nn.data.image;

import io.gatun.nn.data.ImageDataset;
import java.util.List;
import java.util.stream.IntStream;

/** A byte set's images as pictures, x / 255. */
record ByteImages(ImageDataset set) implements ImageSource {
    @Override
    public int size() {
        return set.size();
    }

    @Override
    public int label(int sample) {
        return set.labels()[sample];
    }

    @Override
    public List<String> classNames() {
        return IntStream.range(0, set.classes()).mapToObj(Integer::toString).toList();
    }

    @Override
    public int channels() {
        return set.channels();
    }

    @Override
    public void load(int sample, Image image) {
        image.reset(set.height(), set.width(), set.channels());
        float[] values = image.values();
        int count = set.imageBytes();
        int from = sample * count;
        for (int i = 0; i < count; i++) {
            values[i] = (set.pixels()[from + i] & 0xFF) / 255f;
        }
    }
}
