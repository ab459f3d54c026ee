package io.gatun.nn;

import io.gatun.autograd.Pieces;
import io.gatun.autograd.Tensor;
import io.gatun.spec.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * From the last states of an encoder to the first of a decoder with as many layers: of each layer and part of the state, a
 * linear map of both directions beside each other, [b, directions·h] to the decoder's [b, h]. An encoder of one direction and
 * the decoder's width needs none: its states are what the decoder takes.
 *
 * <p>Parameters are {@code h0.weight}, {@code h0.bias}, {@code c0.weight}, …, numbered by layer.
 *
 * @param <S> the state of one layer
 */
public final class StateBridge<S> extends Module {
    private final Recurrent<S> encoder;
    private final Recurrent<S> decoder;

    /** Of each layer, of each part. */
    private final List<List<Linear>> maps = new ArrayList<>();

    /**
     * Between two nets of the same kind of cell, which stay children of the caller.
     *
     * @throws IllegalArgumentException if they differ in layers, or if the decoder reads both ways
     */
    public StateBridge(Recurrent<S> encoder, Recurrent<S> decoder) {
        if (encoder.layers() != decoder.layers() || decoder.directions() != 1) {
            throw new IllegalArgumentException("StateBridge: an encoder of " + encoder.layers()
                    + " layers and a decoder of " + decoder.layers() + " layers in " + decoder.directions()
                    + " directions; give as many layers, and a decoder of one direction");
        }
        this.encoder = encoder;
        this.decoder = decoder;
        int in = encoder.directions() * encoder.hidden();
        for (int layer = 0; layer < encoder.layers(); layer++) {
            List<Linear> parts = new ArrayList<>();
            for (String part : encoder.partNames()) {
                parts.add(child(part + layer, new Linear(in, decoder.hidden(), true, Activation.IDENTITY)));
            }
            maps.add(parts);
        }
    }

    /** The decoder's first states for the encoder's last ones. */
    public List<S> join(List<S> last) {
        int directions = encoder.directions();
        List<S> first = new ArrayList<>();
        for (int layer = 0; layer < maps.size(); layer++) {
            List<Tensor> parts = new ArrayList<>();
            for (int part = 0; part < maps.get(layer).size(); part++) {
                Tensor[] both = new Tensor[directions];
                for (int d = 0; d < directions; d++) {
                    both[d] = encoder.parts(last.get(layer * directions + d)).get(part);
                }
                Tensor joined = directions == 1 ? both[0] : Pieces.concat(-1, both);
                parts.add(maps.get(layer).get(part).call(joined));
            }
            first.add(decoder.state(parts));
        }
        return first;
    }

    /** The map of the first layer's first part alone: [b, directions·h] to [b, h]; {@link #join} maps states. */
    @Override
    public Tensor forward(Tensor src) {
        return maps.getFirst().getFirst().call(src);
    }
}
