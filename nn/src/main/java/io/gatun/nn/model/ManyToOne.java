package io.gatun.nn.model;

import io.gatun.autograd.Tensor;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Recurrent;

/**
 * One answer for a whole sequence: recurrent layers read it, and a linear layer turns the last hidden state into numbers, to
 * predict, or logits of classes. All that the answer depends on has to be carried to the last step.
 *
 * <p>Parameters are named {@code cell.weight_ih_l0}, …, {@code linear.weight}, {@code linear.bias}.
 */
public final class ManyToOne extends Module {
    private final Recurrent<?> cell;
    private final Linear linear;

    /**
     * Around the layers of any cell: {@code new ManyToOne(new Lstm(2, 64, 1), 1)}.
     *
     * @throws IllegalArgumentException if the layers read both ways: the last step of the reverse direction has seen that step
     *     alone
     */
    public ManyToOne(Recurrent<?> layers, int outputs) {
        if (layers.directions() != 1) {
            throw new IllegalArgumentException("ManyToOne: the last output of a " + layers.directions()
                    + "-directional layer knows but one step of the reverse direction; give layers of one direction");
        }
        cell = child("cell", layers);
        linear = child("linear", new Linear(layers.hidden(), outputs));
    }

    /** [b, outputs] of sequences [b, t, features], as a data loader gives them, sample by sample. */
    @Override
    public Tensor forward(Tensor sequences) {
        Tensor byTime = sequences.transpose(0, 1);
        Tensor hidden = through(cell, byTime, sequences);
        Tensor last = hidden.select(0, -1);
        hidden.release();
        return through(linear, last, sequences);
    }
}
