package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * What layers of any recurrent cell share: PyTorch's names and shapes of the weights, dropout between the layers, and the
 * way through them.
 *
 * @param <W> weights of one layer
 * @param <S> state of one layer
 */
abstract class Recurrent<W, S> extends Module {
    /** Makes one layer's weights of weightsIh, weightsHh, biasIh and biasHh. */
    @FunctionalInterface
    interface Weights<W> {
        W of(Tensor weightsIh, Tensor weightsHh, Tensor biasIh, Tensor biasHh);
    }

    /** One layer over a whole sequence; gives all its hidden states. */
    @FunctionalInterface
    interface Layer<W, S> {
        Tensor run(Tensor src, W weights, S initial);
    }

    private final List<W> layers = new ArrayList<>();
    private final int hidden;
    private final Dropout dropout;

    Recurrent(int gates, int inputs, int hidden, int layers, float dropout, Weights<W> weights) {
        this.hidden = hidden;
        Initializer initializer = Init.uniform(1 / Math.sqrt(hidden));
        for (int i = 0; i < layers; i++) {
            int in = i == 0 ? inputs : hidden;
            this.layers.add(weights.of(
                    parameter("weight_ih_l" + i, Shape.of(gates * hidden, in), initializer),
                    parameter("weight_hh_l" + i, Shape.of(gates * hidden, hidden), initializer),
                    parameter("bias_ih_l" + i, Shape.of(gates * hidden), initializer),
                    parameter("bias_hh_l" + i, Shape.of(gates * hidden), initializer)));
        }
        this.dropout = child("dropout", new Dropout(dropout));
    }

    /** Units of a layer. */
    public int hidden() {
        return hidden;
    }

    /** How many layers there are. */
    public int layers() {
        return layers.size();
    }

    /** All hidden states of the last layer; {@code initial} has one state a layer, or is null. */
    final Tensor run(Tensor src, List<S> initial, Layer<W, S> layer) {
        if (initial != null && initial.size() != layers.size()) {
            throw new IllegalArgumentException(getClass().getSimpleName() + ": " + initial.size()
                    + " initial states for " + layers.size() + " layers; give one a layer");
        }
        Tensor value = src;
        for (int i = 0; i < layers.size(); i++) {
            Tensor input = i == 0 ? value : through(dropout, value, src);
            value = layer.run(input, layers.get(i), initial == null ? null : initial.get(i));
            if (input != src) {
                input.release();
            }
        }
        return value;
    }
}
