package io.gatun.nn.data;

import io.gatun.autograd.Images;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * {@link ImageSamples} for a device: the bytes of each image as they are, and twelve that say where it begins. A quarter of
 * what floats take to send, and no work for the loader but copying.
 */
final class ImageBytes implements DeviceDataset {
    private static final String PIXELS = "pixels";
    private static final String WINDOWS = "windows";
    private static final int WINDOW = 3;

    private final ImageDataset set;
    private final Augmentation augmentation;
    private final List<Field> fields;
    private final List<Made> made;

    /** @param samples what a sample consists of on the host: its image and its label */
    ImageBytes(ImageDataset set, Standardization standardization, Augmentation augmentation, List<Field> samples) {
        this.set = set;
        this.augmentation = augmentation;
        Field images = samples.getFirst();
        fields = List.of(
                new Field(PIXELS, DType.U8, images.shape()),
                new Field(WINDOWS, DType.I32, Shape.of(WINDOW)),
                samples.getLast());
        float[] table = standardization.table();
        made = List.of(new Made(
                images,
                (tape, batch) -> Images.cropMirrorNormalize(
                        batch.tensor(tape, PIXELS), batch.tensor(tape, WINDOWS), set.height(), set.width(), table)));
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
    public List<Made> made() {
        return made;
    }

    @Override
    public Reader reader() {
        ImageShift shift = new ImageShift(augmentation);
        int bytes = set.imageBytes();
        return (sample, random, targets, place) -> {
            MemorySegment.copy(
                    set.pixels(), sample * bytes, targets[0], ValueLayout.JAVA_BYTE, (long) place * bytes, bytes);
            shift.draw(random);
            long window = (long) WINDOW * place;
            targets[1].setAtIndex(ValueLayout.JAVA_INT, window, shift.top());
            targets[1].setAtIndex(ValueLayout.JAVA_INT, window + 1, shift.left());
            targets[1].setAtIndex(ValueLayout.JAVA_INT, window + 2, shift.mirrored() ? 1 : 0);
            targets[2].setAtIndex(ValueLayout.JAVA_INT, place, set.labels()[sample]);
        };
    }
}
