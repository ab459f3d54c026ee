package io.gatun.nn.model;

import io.gatun.autograd.Tensor;
import io.gatun.nn.Module;
import io.gatun.spec.Activation;

/**
 * Squeezes a picture through few numbers and draws it again from them (Hinton, Salakhutdinov 2006): an encoder pixels -
 * hidden - code and a decoder code - hidden - pixels, ReLU between the layers. Trained to give what it was given, so it needs
 * no labels. 28x28 pixels, 128 hidden units and a code of 32 make 209,968 parameters.
 */
public final class Autoencoder extends Module {
    private final Mlp encoder;
    private final Mlp decoder;

    /** Parameters are named {@code encoder.0.weight}, {@code encoder.2.weight}, {@code decoder.0.weight}, …. */
    public Autoencoder(int pixels, int hidden, int code) {
        encoder = child("encoder", new Mlp(Activation.RELU, pixels, hidden, code));
        decoder = child("decoder", new Mlp(Activation.RELU, code, hidden, pixels));
    }

    /** Pictures [n, h, w, c], or rows, again: the same shape. */
    @Override
    public Tensor forward(Tensor pictures) {
        Tensor drawn = through(decoder, encoder.call(pictures), pictures);
        return drawn.reshape(pictures.shape().dims());
    }

    /** What is left of each picture: [n, code]. */
    public Tensor encode(Tensor pictures) {
        return encoder.call(pictures);
    }

    /** [n, h·w·c] of codes [n, code]. */
    public Tensor decode(Tensor codes) {
        return decoder.call(codes);
    }
}
