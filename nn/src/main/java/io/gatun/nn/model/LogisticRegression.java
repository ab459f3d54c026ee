package io.gatun.nn.model;

import io.gatun.autograd.Pieces;
import io.gatun.autograd.Tensor;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;

/**
 * One unit that tells two classes apart: the logit of class 1 is z = w · x + b, that of class 0 is 0. Softmax cross-entropy
 * of (0, z) is the binary cross-entropy of sigmoid(z), so the classes can be 0 and 1 as for any other classifier.
 */
public final class LogisticRegression extends Module {
    private final Linear linear;

    /** Parameters {@code linear.weight} [1, features] and {@code linear.bias} [1]. */
    public LogisticRegression(int features) {
        linear = child("linear", new Linear(features, 1));
    }

    /** Logits [n, 2] of rows [n, features]. */
    @Override
    public Tensor forward(Tensor rows) {
        Tensor logit = linear.call(rows);
        Tensor both = Pieces.pad(logit, 1, 1, 0, 0);
        logit.release();
        return both;
    }
}
