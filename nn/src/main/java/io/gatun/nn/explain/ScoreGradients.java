package io.gatun.nn.explain;

import io.gatun.autograd.Arithmetic;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.Module;

/** Runs a model in inference and goes back from the logits of given classes; the model's modes and gradients come back. */
final class ScoreGradients implements AutoCloseable {
    private final Module model;
    private final Module.Registration inference;

    ScoreGradients(Module model) {
        this.model = model;
        this.inference = model.inference();
    }

    /** The input on the tape, its gradient there. */
    Tensor backward(Tape tape, Shape shape, float[] input, int[] classes) {
        tape.reset(tape.step());
        Tensor src = tape.tensor(shape, input).requiresGrad(true);
        Tensor logits = model.call(src);
        Shape rows = logits.shape();
        if (rows.rank() != 2 || rows.dim(0) != classes.length) {
            throw new IllegalArgumentException("explaining " + classes.length + " classes: the model gives logits "
                    + rows + " for input " + shape + "; give one class for each row of [n, classes]");
        }
        float[] chosen = new float[(int) rows.elements()];
        for (int i = 0; i < classes.length; i++) {
            if (classes[i] < 0 || classes[i] >= rows.last()) {
                throw new IllegalArgumentException(
                        "explaining class " + classes[i] + ": the model knows 0 to " + (rows.last() - 1));
            }
            chosen[i * rows.last() + classes[i]] = 1;
        }
        Arithmetic.sum(logits.mul(tape.tensor(rows, chosen))).backward();
        return src;
    }

    @Override
    public void close() {
        model.parameters().zeroGradients();
        inference.close();
    }
}
