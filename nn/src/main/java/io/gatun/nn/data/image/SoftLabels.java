package io.gatun.nn.data.image;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.nn.data.BatchTransform;
import io.gatun.nn.data.Field;
import io.gatun.nn.data.SplitMix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Mixes each image of a batch with the one before it, the first with the last, as torchvision does. Labels i32 [] become
 * the shares of the classes, f32 [classes].
 */
abstract class SoftLabels implements BatchTransform {
    private static final String IMAGES = "images";
    private static final String LABELS = "labels";

    private final int classes;
    private final double alpha;

    SoftLabels(int classes, double alpha) {
        if (classes < 1 || !(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(this + " with " + classes + " classes and alpha " + alpha
                    + ": there must be at least one class, and alpha must be above 0");
        }
        this.classes = classes;
        this.alpha = alpha;
    }

    /**
     * Mixes the images in place.
     *
     * @param share of each image itself that was drawn, 0 to 1
     * @param last a copy of the batch's last image
     * @return the share that each image really has kept
     */
    abstract double mix(MemorySegment images, Shape shape, int size, double share, SplitMix random, float[] last);

    @Override
    public final List<Field> fields(List<Field> fields) {
        List<Field> mixed = new ArrayList<>(fields);
        Field images = fields.get(place(fields, IMAGES));
        if (images.type() != DType.F32 || images.shape().rank() != 3) {
            throw new IllegalArgumentException(this + " needs images as f32 [HxWxC], got " + images);
        }
        mixed.set(place(fields, LABELS), new Field(LABELS, DType.F32, Shape.of(classes)));
        return List.copyOf(mixed);
    }

    private int place(List<Field> fields, String name) {
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException(this + " needs a field '" + name + "', the data have " + fields);
    }

    @Override
    public final Action action(List<Field> fields) {
        int images = place(fields, IMAGES);
        int labels = place(fields, LABELS);
        Shape shape = fields.get(images).shape();
        float[] last = new float[(int) shape.elements()];
        return (size, random, from, to) -> {
            double drawn = Beta.symmetric(random, alpha);
            MemorySegment.copy(
                    from[images], ValueLayout.JAVA_FLOAT, (size - 1) * 4L * last.length, last, 0, last.length);
            double share = mix(from[images], shape, size, drawn, random, last);
            soften(from[labels], to[labels], size, share);
        };
    }

    final void soften(MemorySegment from, MemorySegment to, int size, double share) {
        to.asSlice(0, 4L * size * classes).fill((byte) 0);
        for (int i = 0; i < size; i++) {
            add(to, i, from.getAtIndex(ValueLayout.JAVA_INT, i), (float) share);
            add(to, i, from.getAtIndex(ValueLayout.JAVA_INT, i == 0 ? size - 1 : i - 1), (float) (1 - share));
        }
    }

    private void add(MemorySegment to, int row, int label, float share) {
        if (label < 0 || label >= classes) {
            throw new IllegalArgumentException(this + ": label " + label + " is not in 0.." + (classes - 1));
        }
        long at = (long) row * classes + label;
        to.setAtIndex(ValueLayout.JAVA_FLOAT, at, to.getAtIndex(ValueLayout.JAVA_FLOAT, at) + share);
    }

    @Override
    public String toString() {
        return getClass().getSimpleName();
    }
}
