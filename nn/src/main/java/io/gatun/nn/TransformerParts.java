package io.gatun.nn;

import io.gatun.autograd.Tensor;
import java.util.function.UnaryOperator;

/** What encoder and decoder layers share; they declare the children, so that the names are torch's. */
record TransformerParts(Linear linear1, Linear linear2, Dropout dropout, Nonlinearity activation, boolean normFirst) {
    TransformerParts(TransformerOptions options) {
        this(
                new Linear(options.size(), options.feedForward()),
                new Linear(options.feedForward(), options.size()),
                new Dropout(options.dropout()),
                new Nonlinearity(options.activation()),
                options.normFirst());
    }

    /** src + dropout(part(norm(src))), or norm(src + dropout(part(src))). */
    Tensor around(Tensor src, LayerNorm norm, UnaryOperator<Tensor> part) {
        Tensor read = normFirst ? norm.call(src) : src;
        Tensor made = part.apply(read);
        if (read != src) {
            read.release();
        }
        Tensor dropped = dropout.call(made);
        if (dropped != made) {
            made.release();
        }
        Tensor sum = src.add(dropped);
        dropped.release();
        return normFirst ? sum : Module.through(norm, sum, src);
    }

    /** linear2(dropout(activation(linear1(src)))). */
    Tensor feedForward(Tensor src) {
        Tensor wide = Module.through(activation, linear1.call(src), src);
        return Module.through(linear2, Module.through(dropout, wide, src), src);
    }
}
