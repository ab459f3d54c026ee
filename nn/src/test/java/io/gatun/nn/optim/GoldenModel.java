package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The parameters w[3,7] and b[5] of optimizers.py and optimizers_all.py, and the gradients that they get there. */
record GoldenModel(Parameters parameters, Parameter w, Parameter b) implements AutoCloseable {
    static final int STEPS = 20;
    private static final int WEIGHTS = 21;
    private static final int BIASES = 5;
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

    static GoldenModel make(NativeMemory memory) {
        Parameter w = Parameter.of(Shape.of(3, 7), start(0));
        Parameter b = Parameter.of(Shape.of(BIASES), start(WEIGHTS));
        Parameters parameters = Parameters.builder().add("w", w).add("b", b).build(memory, "model", 1);
        return new GoldenModel(parameters, w, b);
    }

    private static Initializer start(int offset) {
        return (values, shape, seed, index) -> {
            for (int i = 0; i < shape.elements(); i++) {
                values.setAtIndex(F32, i, (float) (0.1 * ((5 * (i + offset)) % 7 - 3)));
            }
        };
    }

    void gradient(int t) {
        gradient(t, false);
    }

    /** Sparse: each seventh element's is 0. Frozen parameters get none. */
    void gradient(int t, boolean sparse) {
        gradient(w, t, 0, sparse);
        gradient(b, t, WEIGHTS, sparse);
    }

    private static void gradient(Parameter p, int t, int offset, boolean sparse) {
        for (int i = 0; p.requiresGrad() && i < p.shape().elements(); i++) {
            float fixed = 0.1f * ((7 * (i + offset) + 13 * t) % 11 - 5);
            float value = p.data().getAtIndex(F32, i);
            assertThat(p.grad().getAtIndex(F32, i))
                    .as("gradient left by a step")
                    .isZero();
            boolean none = sparse && (i + offset) % 7 == 0;
            p.grad().setAtIndex(F32, i, none ? 0 : fixed + 0.05f * value);
        }
    }

    float[] values() {
        float[] all = Arrays.copyOf(w.toArray(), WEIGHTS + BIASES);
        System.arraycopy(b.toArray(), 0, all, WEIGHTS, BIASES);
        return all;
    }

    @Override
    public void close() {
        parameters.close();
    }
}
