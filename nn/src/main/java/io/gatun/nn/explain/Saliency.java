package io.gatun.nn.explain;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.Places;
import io.gatun.nn.Module;

/**
 * How much each number of the input matters: |∂ score / ∂ input|, the score being the class's logit (Simonyan, Vedaldi,
 * Zisserman 2014).
 */
public final class Saliency {
    private Saliency() {}

    /**
     * The magnitudes of the gradients, of the input's shape. Puts the model into inference for as long as it takes, uses a
     * step of the tape, and leaves no gradients.
     *
     * @param input [n, ...]
     * @param classes one class for each of the n
     * @throws IllegalArgumentException naming the shapes, if classes and logits do not fit
     */
    public static float[] of(Module model, Tape tape, Shape shape, float[] input, int... classes) {
        try (ScoreGradients gradients = new ScoreGradients(model)) {
            Tensor src = gradients.backward(tape, shape, input, classes);
            float[] values = Places.floats(src.grad().asSlice(0, 4 * shape.elements()));
            for (int i = 0; i < values.length; i++) {
                values[i] = Math.abs(values[i]);
            }
            return values;
        }
    }
}
