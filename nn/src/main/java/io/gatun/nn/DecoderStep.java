package io.gatun.nn;

import io.gatun.autograd.Tensor;
import java.util.List;

/** One step of any net that writes a sequence token by token: what {@link GreedyDecoder} and {@link BeamDecoder} ask. */
@FunctionalInterface
public interface DecoderStep {
    /**
     * What a step gives.
     *
     * @param logits [rows, vocabulary]
     * @param state for the next step: tensors with the rows as their first axis, as many and as wide as they came
     */
    record Next(Tensor logits, List<Tensor> state) {}

    /**
     * The step of all rows.
     *
     * @param tokens the latest token of each row, 32-bit [rows]
     * @param state what the step before gave; what never changes but belongs to a row, such as an encoder's keys, is passed on
     */
    Next next(Tensor tokens, List<Tensor> state);
}
