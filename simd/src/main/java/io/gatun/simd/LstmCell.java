package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.spec.Activation;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Some rows of a block of units of an LSTM step after the products, and its backward. Five transcendental functions an
 * element, so bound by arithmetic. All operands are rows of {@link UnitBlocks#WIDTH}, gates [i | f | g | o] of all rows
 * one after the other.
 */
final class LstmCell {
    private static final VectorLoop CELL = new VectorLoop(MethodHandles.lookup(), "cell");
    private static final VectorLoop HIDDEN = new VectorLoop(MethodHandles.lookup(), "hidden");

    private LstmCell() {}

    /**
     * i, f, o = σ(x + y + bias), g = tanh(x + y + bias), kept in {@code gates}, which may be x; c = f·c0 + i·g; h = o·tanh(c). One function
     * a loop over values that stay in L1, and the gates leave it while the functions compute: all five in one are three times what C2 inlines into one method ({@link VectorLoop}).
     */
    static void forward(long x, long y, long bias, long gates, long previousCell, long cell, long hidden, int rows) {
        int n = rows * UnitBlocks.WIDTH;
        long gate = 4L * n;
        for (int g = 0; g < 4; g++) {
            UnitBlocks.biased(x + g * gate, bias + g * UnitBlocks.ROW, x + g * gate, rows);
        }
        UnitBlocks.add(y, x, 4 * rows);
        ActivationLoops.forward(Activation.SIGMOID, x, 0, gates, 2 * n);
        ActivationLoops.forward(Activation.TANH, x + 2 * gate, 0, gates + 2 * gate, n);
        long output = gates + 3 * gate;
        ActivationLoops.forward(Activation.SIGMOID, x + 3 * gate, 0, output, n);
        CELL.run(gates, previousCell, cell, n, 0);
        ActivationLoops.forward(Activation.TANH, cell, hidden, hidden, n);
        HIDDEN.run(output, hidden, hidden, n, 0);
    }

    private static void cell(long gates, long previous, long to, int n, float parameter) {
        long gate = 4L * n;
        for (long at = 0; at < gate; at += Lanes.BYTES) {
            FloatVector product = load(gates + at).mul(load(gates + 2 * gate + at));
            store(to + at, load(gates + gate + at).fma(load(previous + at), product));
        }
    }

    private static void hidden(long output, long tanh, long to, int n, float parameter) {
        for (long at = 0; at < 4L * n; at += Lanes.BYTES) {
            store(to + at, load(output + at).mul(load(tanh + at)));
        }
    }

    /**
     * From the gates' values to the gradients before the activations.
     *
     * <pre>
     * h = o·tanh(c)         dc = diffCell + dh·o·(1 - tanh²c), do = dh·tanh(c)·o(1 - o)
     * c = f·c0 + i·g        di = dc·g·i(1 - i), df = dc·c0·f(1 - f), dg = dc·i·(1 - g²), diffCell = dc·f
     * </pre>
     */
    static void backward(long gates, long previousCell, long cell, long diff, long diffCell, long out, int rows) {
        int n = rows * UnitBlocks.WIDTH;
        long gate = 4L * n;
        long last = out + 3 * gate;
        ActivationLoops.forward(Activation.TANH, cell, last, last, n);
        for (long at = 0; at < gate; at += Lanes.BYTES) {
            FloatVector o = load(gates + 3 * gate + at);
            FloatVector t = load(last + at);
            FloatVector dh = load(diff + at);
            FloatVector dc = dh.mul(o).fma(splat(1f).sub(t.mul(t)), load(diffCell + at));
            store(last + at, dh.mul(t).mul(VectorMath.logisticSlope(o)));
            FloatVector i = load(gates + at);
            FloatVector f = load(gates + gate + at);
            FloatVector g = load(gates + 2 * gate + at);
            store(out + at, dc.mul(g).mul(VectorMath.logisticSlope(i)));
            store(out + gate + at, dc.mul(load(previousCell + at)).mul(VectorMath.logisticSlope(f)));
            store(out + 2 * gate + at, dc.mul(i).mul(splat(1f).sub(g.mul(g))));
            store(diffCell + at, dc.mul(f));
        }
    }
}
