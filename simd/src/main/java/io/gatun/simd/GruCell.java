package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.spec.Activation;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Some rows of a block of units of a GRU step after the products, and its backward. Three transcendental functions an
 * element, so bound by arithmetic. All operands are rows of {@link UnitBlocks#WIDTH}, gates [r | z | n] of all rows one
 * after the other: x from the inputs, y from the state.
 */
final class GruCell {
    private static final VectorLoop CANDIDATE = new VectorLoop(MethodHandles.lookup(), "candidate");
    private static final VectorLoop HIDDEN = new VectorLoop(MethodHandles.lookup(), "hidden");

    private GruCell() {}

    /**
     * r, z = σ(x + y), n = tanh(x + r·y) with the biases added to x and y, kept in {@code gates}, which may be x;
     * h = (1 - z)·n + z·h. The functions run in loops of their own, see {@link LstmCell#forward}.
     *
     * @param biasX a row a gate
     * @param reset where y of n goes, which may be where it is
     */
    static void forward(long x, long y, long biasX, long biasY, long gates, long reset, long hidden, int rows) {
        int n = rows * UnitBlocks.WIDTH;
        long gate = 4L * n;
        for (int g = 0; g < 3; g++) {
            UnitBlocks.biased(x + g * gate, biasX + g * UnitBlocks.ROW, x + g * gate, rows);
            long to = g == 2 ? reset : y + g * gate;
            UnitBlocks.biased(y + g * gate, biasY + g * UnitBlocks.ROW, to, rows);
        }
        UnitBlocks.add(y, x, 2 * rows);
        ActivationLoops.forward(Activation.SIGMOID, x, 0, gates, 2 * n);
        CANDIDATE.run(gates, reset, x + 2 * gate, n, 0);
        ActivationLoops.forward(Activation.TANH, x + 2 * gate, 0, gates + 2 * gate, n);
        HIDDEN.run(gates + gate, gates + 2 * gate, hidden, n, 0);
    }

    private static void candidate(long r, long y, long x, int n, float parameter) {
        for (long at = 0; at < 4L * n; at += Lanes.BYTES) {
            store(x + at, load(r + at).fma(load(y + at), load(x + at)));
        }
    }

    private static void hidden(long update, long candidate, long state, int n, float parameter) {
        for (long at = 0; at < 4L * n; at += Lanes.BYTES) {
            FloatVector z = load(update + at);
            FloatVector fresh = splat(1f).sub(z).mul(load(candidate + at));
            store(state + at, z.fma(load(state + at), fresh));
        }
    }

    /**
     * From the gates' values to the gradients of x, and of y's n. Factors that may be 0 come before those that may be
     * large, so that nothing overflows on the way to a small number.
     *
     * <pre>
     * h = (1 - z)·n + z·h0     dz = dh·z(1 - z)·(h0 - n), carried = dh·z
     * n = tanh(x_n + r·y_n)    dx_n = dh·(1 - z)·(1 - n²), dy_n = dx_n·r, dr = dx_n·r(1 - r)·y_n
     * </pre>
     */
    static void backward(long gates, long reset, long previous, long diff, long carried, long out, int rows) {
        long gate = rows * UnitBlocks.ROW;
        for (long at = 0; at < gate; at += Lanes.BYTES) {
            FloatVector dh = load(diff + at);
            FloatVector z = load(gates + gate + at);
            FloatVector n = load(gates + 2 * gate + at);
            store(carried + at, dh.mul(z));
            store(
                    out + gate + at,
                    dh.mul(VectorMath.logisticSlope(z)).mul(load(previous + at).sub(n)));
            FloatVector dn = dh.mul(splat(1f).sub(z)).mul(splat(1f).sub(n.mul(n)));
            store(out + 2 * gate + at, dn);
            FloatVector r = load(gates + at);
            store(out + 3 * gate + at, dn.mul(r));
            store(out + at, dn.mul(VectorMath.logisticSlope(r)).mul(load(reset + at)));
        }
    }
}
