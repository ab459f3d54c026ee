package io.gatun.nn;

import io.gatun.autograd.Tensor;
import java.util.List;

/** Layers whose state is one tensor [b, h]. */
abstract sealed class OneStateCell extends Recurrent<Tensor> permits Rnn, Gru {
    OneStateCell(int gates, int inputs, int hidden, RecurrentOptions options) {
        super(gates, inputs, hidden, options);
    }

    @Override
    final List<Tensor> parts(Tensor state) {
        return List.of(state);
    }

    @Override
    final Tensor state(List<Tensor> parts) {
        return parts.getFirst();
    }

    @Override
    final List<String> partNames() {
        return List.of("h");
    }
}
