package io.gatun.nn.data;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/** The images of a byte set as {@code images} f32 [H, W, C], standardized, and their {@code labels} i32 []. */
final class ImageSamples implements Dataset {
    private final ImageDataset set;
    private final Standardization standardization;
    private final Augmentation augmentation;
    private final List<Field> fields;

    ImageSamples(ImageDataset set, Standardization standardization, Augmentation augmentation) {
        if (standardization.mean().length != set.channels()) {
            throw new IllegalArgumentException("standardization of " + standardization.mean().length
                    + " channels does not fit images of " + set.channels());
        }
        this.set = set;
        this.standardization = standardization;
        this.augmentation = augmentation;
        Shape image = Shape.of(set.height(), set.width(), set.channels());
        fields = List.of(new Field("images", DType.F32, image), new Field("labels", DType.I32, Shape.of()));
    }

    @Override
    public int size() {
        return set.size();
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    @Override
    public Optional<DeviceDataset> forDevice() {
        return Optional.of(new ImageBytes(set, standardization, augmentation, fields));
    }

    @Override
    public Reader reader() {
        ImageConverter converter = new ImageConverter(set, standardization, augmentation);
        long bytes = fields.getFirst().bytes();
        int[] labels = set.labels();
        return (sample, random, targets, place) -> {
            converter.convert(sample, random, targets[0], place * bytes);
            targets[1].setAtIndex(ValueLayout.JAVA_INT, place, labels[sample]);
        };
    }
}
