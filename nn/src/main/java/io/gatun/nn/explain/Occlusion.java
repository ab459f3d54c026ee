package io.gatun.nn.explain;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.Module;
import java.util.Arrays;

/**
 * What hiding a part of an image costs the class (Zeiler and Fergus 2014): a square of one value is moved over the image,
 * and the map says how much the class's logit falls at each place.
 *
 * @param square side of the square, in pixels
 * @param stride pixels between neighbouring places
 * @param value what the square shows, in the model's units: 0 for standardized images
 */
public record Occlusion(int square, int stride, float value) {
    /** Places that are run as one batch. */
    private static final int BATCH = 32;

    public Occlusion {
        if (square < 1 || stride < 1) {
            throw new IllegalArgumentException(
                    "occlusion: square " + square + " and stride " + stride + " must be at least 1");
        }
    }

    /**
     * Falls of the logit, negative where it rises.
     *
     * @param values height · width places, from the top left
     */
    public record Map(int height, int width, float[] values) {}

    /**
     * The map of one image. Puts the model into inference for as long as it takes and uses steps of the tape.
     *
     * @param shape [h, w, c]; squares that would stick out at the right and the bottom are left out
     */
    public Map of(Module model, Tape tape, Shape shape, float[] image, int label) {
        if (shape.rank() != 3 || square > shape.dim(0) || square > shape.dim(1)) {
            throw new IllegalArgumentException("occlusion: a square of " + square + " does not fit an image " + shape
                    + "; give [h, w, c] and a smaller square");
        }
        int height = shape.dim(0);
        int width = shape.dim(1);
        int down = (height - square) / stride + 1;
        int across = (width - square) / stride + 1;
        float[] falls = new float[down * across];
        try (Module.Registration _ = model.inference();
                Tape.NoGrad _ = tape.noGrad()) {
            float whole = logits(model, tape, shape, 1, image, label)[0];
            for (int from = 0; from < falls.length; from += BATCH) {
                int count = Math.min(BATCH, falls.length - from);
                float[] batch = new float[count * image.length];
                for (int i = 0; i < count; i++) {
                    System.arraycopy(image, 0, batch, i * image.length, image.length);
                    int place = from + i;
                    hide(batch, i * image.length, shape, place / across * stride, place % across * stride);
                }
                float[] logits = logits(model, tape, shape, count, batch, label);
                for (int i = 0; i < count; i++) {
                    falls[from + i] = whole - logits[i];
                }
            }
        }
        return new Map(down, across, falls);
    }

    private void hide(float[] images, int offset, Shape shape, int top, int left) {
        int channels = shape.dim(2);
        for (int y = top; y < top + square; y++) {
            int row = offset + (y * shape.dim(1) + left) * channels;
            Arrays.fill(images, row, row + square * channels, value);
        }
    }

    private static float[] logits(Module model, Tape tape, Shape shape, int n, float[] images, int label) {
        tape.reset(tape.step());
        Tensor logits = model.call(tape.tensor(Shape.of(n, shape.dim(0), shape.dim(1), shape.dim(2)), images));
        int classes = logits.shape().last();
        if (label < 0 || label >= classes) {
            throw new IllegalArgumentException(
                    "occlusion: class " + label + " is none of the model's 0 to " + (classes - 1));
        }
        float[] found = new float[n];
        float[] all = logits.toArray();
        for (int i = 0; i < n; i++) {
            found[i] = all[i * classes + label];
        }
        return found;
    }
}
