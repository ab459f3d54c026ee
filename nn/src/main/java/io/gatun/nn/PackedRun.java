package io.gatun.nn;

import io.gatun.autograd.PackedSequences;
import io.gatun.autograd.PackedSequences.Stretch;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Sequences.RecurrentResult;
import io.gatun.autograd.Sequences.RecurrentWeights;
import io.gatun.autograd.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * One layer in one direction over packed sequences: stretch by stretch, each from the first rows of the states that the one
 * before ended with; the other rows are the last states of the sequences that end there.
 */
final class PackedRun<S> {
    private final Recurrent<S> layer;
    private final PackedSequences packed;
    private final RecurrentWeights weights;

    PackedRun(Recurrent<S> layer, PackedSequences packed, RecurrentWeights weights) {
        this.layer = layer;
        this.packed = packed;
        this.weights = weights;
    }

    /** The rows of the outputs, and the last states in the caller's order; {@code initial} may be null for zeros. */
    RecurrentResult<S> from(S initial) {
        S state = initial == null ? zeros() : layer.map(initial, packed::sorted);
        List<Tensor> outputs = new ArrayList<>();
        // The shortest sequences end first, and their rows are the last ones.
        List<S> ended = new ArrayList<>();
        for (Stretch stretch : packed.stretches()) {
            int alive = stretch.alive();
            ended.addFirst(
                    layer.map(state, part -> part.narrow(0, alive, part.shape().dim(0) - alive)));
            S first = layer.map(state, part -> part.narrow(0, 0, alive));
            RecurrentResult<S> ran = layer.layer(packed.at(stretch), weights, first);
            outputs.add(ran.output().reshape(stretch.steps() * alive, layer.hidden()));
            state = ran.last();
        }
        ended.addFirst(state);
        Tensor none = packed.zeros(layer.hidden()).narrow(0, 0, 0);
        return new RecurrentResult<>(joined(outputs, none), layer.state(last(ended)));
    }

    private S zeros() {
        return layer.state(layer.partNames().stream()
                .map(_ -> packed.zeros(layer.hidden()))
                .toList());
    }

    /** Part by part the rows of all, one after the other, in the caller's order. */
    private List<Tensor> last(List<S> ended) {
        List<Tensor> last = new ArrayList<>();
        for (int part = 0; part < layer.partNames().size(); part++) {
            List<Tensor> rows = new ArrayList<>();
            for (S state : ended) {
                rows.add(layer.parts(state).get(part));
            }
            last.add(packed.restored(joined(rows, null)));
        }
        return last;
    }

    private static Tensor joined(List<Tensor> rows, Tensor none) {
        List<Tensor> some = rows.stream().filter(r -> r.shape().dim(0) > 0).toList();
        return switch (some.size()) {
            case 0 -> none == null ? rows.getFirst() : none;
            case 1 -> some.getFirst();
            default -> Pieces.concat(0, some.toArray(Tensor[]::new));
        };
    }
}
