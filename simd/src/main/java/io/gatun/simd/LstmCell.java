package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import jdk.incubator.vector.FloatVector;

/**
 * Some rows of a block of units of an LSTM step after the products, and its backward. Five transcendental functions an
 * element, so bound by arithmetic. All operands are rows of {@link UnitBlocks#WIDTH}, gates [i | f | g | o] of all rows
 * one after the other.
 */
final class LstmCell {
    private LstmCell() {}

    /**
     * i, f, o = σ(x + y + bias), g = tanh(x + y + bias), kept in {@code gates}; c = f·c0 + i·g; h = o·tanh(c). One function
     * a loop over values that stay in L1: all five in one are three times what C2 inlines into one method ({@link VectorLoop}).
     */
    static void forward(
            long x, long y, long bias, long gates, long previousCell, long cell, long hidden, int rows) {
        int n = rows * UnitBlocks.WIDTH;
        long gate = 4L * n;
        for (int g = 0; g < 4; g++) {
            sums(x + g * gate, y + g * gate, bias + g * UnitBlocks.ROW, gates + g * gate, rows);
        }
        ActivationLoops.forward(Activation.SIGMOID, gates, gates, gates, 2 * n);
        long candidate = gates + 2 * gate;
        ActivationLoops.forward(Activation.TANH, candidate, candidate, candidate, n);
        long output = gates + 3 * gate;
        ActivationLoops.forward(Activation.SIGMOID, output, output, output, n);
        for (long at = 0; at < gate; at += Lanes.BYTES) {
            FloatVector product = load(gates + at).mul(load(candidate + at));
            store(cell + at, load(gates + gate + at).fma(load(previousCell + at), product));
        }
        ActivationLoops.forward(Activation.TANH, cell, hidden, hidden, n);
        for (long at = 0; at < gate; at += Lanes.BYTES) {
            store(hidden + at, load(output + at).mul(load(hidden + at)));
        }
    }

    /** to = (bias + x) + y. */
    private static void sums(long x, long y, long bias, long to, int rows) {
        FloatVector first = load(bias);
        FloatVector second = load(bias + Lanes.BYTES);
        long end = to + rows * UnitBlocks.ROW;
        for (; to < end; to += UnitBlocks.ROW, x += UnitBlocks.ROW, y += UnitBlocks.ROW) {
            first.add(load(x)).add(load(y)).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
            second.add(load(x + Lanes.BYTES))
                    .add(load(y + Lanes.BYTES))
                    .intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
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
