package io.gatun.nn.model;

import io.gatun.autograd.Tensor;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.spec.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A multi-layer perceptron: linear layers with an activation between them, none behind the last one. Parameters are named
 * as in a torch.nn.Sequential whose activations are layers too: {@code 0.weight}, {@code 2.weight}, ….
 */
public final class Mlp extends Module {
    private final int inputs;
    private final List<Linear> layers = new ArrayList<>();

    /**
     * {@code new Mlp(Activation.RELU, 784, 64, 10)} has 50,890 parameters.
     *
     * @param sizes inputs, the units of each hidden layer, outputs
     * @throws IllegalArgumentException for fewer than two sizes
     */
    public Mlp(Activation hidden, int... sizes) {
        if (sizes.length < 2) {
            throw new IllegalArgumentException(
                    "Mlp: sizes " + Arrays.toString(sizes) + " name no layer; give inputs, hidden units and outputs");
        }
        inputs = sizes[0];
        for (int i = 1; i < sizes.length; i++) {
            Activation activation = i < sizes.length - 1 ? hidden : Activation.IDENTITY;
            String name = Integer.toString(2 * (i - 1));
            layers.add(child(name, new Linear(sizes[i - 1], sizes[i], true, activation)));
        }
    }

    /** [n, outputs] of [n, inputs], or of images with that many values each. */
    @Override
    public Tensor forward(Tensor src) {
        Tensor value = src.reshape(src.shape().dim(0), inputs);
        for (Linear layer : layers) {
            value = through(layer, value, src);
        }
        return value;
    }
}
