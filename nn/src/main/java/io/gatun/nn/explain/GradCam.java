package io.gatun.nn.explain;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.Places;
import io.gatun.nn.Module;

/**
 * Where in an image a class is seen (Selvaraju et al. 2017): ReLU(Σ_k α_k A_k) of a layer's channels A_k, with α_k the mean
 * over the plane of ∂ score / ∂ A_k.
 */
public final class GradCam {
    private GradCam() {}

    /**
     * Maps as the layer's planes are.
     *
     * @param values n · height · width, at least 0
     */
    public record Maps(int n, int height, int width, float[] values) {
        /** The maps at another size, by bilinear interpolation between the centres of the cells, as images are resized. */
        public Maps resized(int newHeight, int newWidth) {
            float[] large = new float[n * newHeight * newWidth];
            for (int i = 0; i < n; i++) {
                for (int y = 0; y < newHeight; y++) {
                    for (int x = 0; x < newWidth; x++) {
                        float cellY = (y + 0.5f) * height / newHeight - 0.5f;
                        float cellX = (x + 0.5f) * width / newWidth - 0.5f;
                        large[(i * newHeight + y) * newWidth + x] = between(i, cellY, cellX);
                    }
                }
            }
            return new Maps(n, newHeight, newWidth, large);
        }

        private float between(int i, float y, float x) {
            int top = (int) Math.floor(y);
            int left = (int) Math.floor(x);
            float down = y - top;
            float right = x - left;
            float above = at(i, top, left) * (1 - right) + at(i, top, left + 1) * right;
            float below = at(i, top + 1, left) * (1 - right) + at(i, top + 1, left + 1) * right;
            return above * (1 - down) + below * down;
        }

        private float at(int i, int y, int x) {
            return values[(i * height + Math.clamp(y, 0, height - 1)) * width + Math.clamp(x, 0, width - 1)];
        }
    }

    /**
     * The maps of n images. Puts the model into inference for as long as it takes, uses a step of the tape, and leaves no
     * gradients.
     *
     * @param layer a part of the model whose result is [n, h, w, c], mostly the last before the planes are averaged
     * @param classes one class for each of the n images
     * @throws IllegalArgumentException if the layer is null, which {@code modules().get} gives for a wrong name, did not run, or its result is no batch of planes
     */
    public static Maps of(Module model, Module layer, Tape tape, Shape shape, float[] images, int... classes) {
        if (layer == null) {
            throw new IllegalArgumentException("Grad-CAM: there is no such layer; the model has "
                    + model.modules().keySet());
        }
        Tensor[] seen = new Tensor[1];
        try (ScoreGradients gradients = new ScoreGradients(model);
                Module.Registration _ = layer.onForward((_, _, dst) -> seen[0] = dst.retainGrad())) {
            gradients.backward(tape, shape, images, classes);
            Tensor planes = seen[0];
            if (planes == null || planes.shape().rank() != 4) {
                throw new IllegalArgumentException("Grad-CAM: the layer "
                        + (planes == null ? "did not run" : "gives " + planes.shape() + ", no planes [n, h, w, c]")
                        + "; give a convolution or a block of the model, which modules() lists");
            }
            return maps(planes);
        }
    }

    private static Maps maps(Tensor planes) {
        int n = planes.shape().dim(0);
        int places = planes.shape().dim(1) * planes.shape().dim(2);
        int channels = planes.shape().last();
        float[] values = new float[n * places];
        float[] gradient = Places.floats(planes.grad());
        float[] activations = planes.toArray();
        for (int i = 0; i < n; i++) {
            double[] alpha = new double[channels];
            for (int p = 0; p < places; p++) {
                for (int k = 0; k < channels; k++) {
                    alpha[k] += gradient[(i * places + p) * channels + k] / places;
                }
            }
            for (int p = 0; p < places; p++) {
                double sum = 0;
                for (int k = 0; k < channels; k++) {
                    sum += alpha[k] * activations[(i * places + p) * channels + k];
                }
                values[i * places + p] = (float) Math.max(0, sum);
            }
        }
        return new Maps(n, planes.shape().dim(1), planes.shape().dim(2), values);
    }
}
