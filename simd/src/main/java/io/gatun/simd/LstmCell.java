package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of an LSTM step after the products, and its backward: the four gates in one pass. Five transcendental
 * functions an element, so bound by arithmetic. A row of gates is [i | f | g | o], h floats each.
 */
final class LstmCell {
    private static final VectorSpecies<Float> F = Lanes.F;

    private LstmCell() {}

    /**
     * i, f, o = σ(sums), g = tanh(sums), kept in {@code gates}, which may be {@code sums}; c = f·c0 + i·g; h = o·tanh(c). One function a loop over the
     * row, which stays in L1: all five in one are three times what C2 inlines into one method ({@link VectorLoop}).
     */
    static void forward(long sums, long gates, int h, long previousCell, long cell, long hidden) {
        long gate = 4L * h;
        ActivationLoops.apply(Activation.SIGMOID, sums, gates, gates, 2 * h);
        long candidate = gates + 2 * gate;
        ActivationLoops.apply(Activation.TANH, sums + 2 * gate, candidate, candidate, h);
        long output = gates + 3 * gate;
        ActivationLoops.apply(Activation.SIGMOID, sums + 3 * gate, output, output, h);
        int whole = F.loopBound(h);
        for (long at = 0; at < 4L * whole; at += Lanes.BYTES) {
            FloatVector product = load(gates + at).mul(load(candidate + at));
            store(cell + at, load(gates + gate + at).fma(load(previousCell + at), product));
        }
        for (int k = whole; k < h; k++) {
            float product = Raw.f32(gates, k) * Raw.f32(candidate, k);
            Raw.f32(cell, k, Math.fma(Raw.f32(gates + gate, k), Raw.f32(previousCell, k), product));
        }
        ActivationLoops.apply(Activation.TANH, cell, hidden, hidden, h);
        for (long at = 0; at < 4L * whole; at += Lanes.BYTES) {
            store(hidden + at, load(output + at).mul(load(hidden + at)));
        }
        for (int k = whole; k < h; k++) {
            Raw.f32(hidden, k, Raw.f32(output, k) * Raw.f32(hidden, k));
        }
    }

    /**
     * From the gates' values to the gradients before the activations.
     *
     * <pre>
     * h = o·tanh(c)         dh = diffDst + diffHidden, dc = diffCell + dh·o·(1 - tanh²c), do = dh·tanh(c)·o(1 - o)
     * c = f·c0 + i·g        di = dc·g·i(1 - i), df = dc·c0·f(1 - f), dg = dc·i·(1 - g²), diffCell = dc·f
     * </pre>
     */
    static void backward(
            long gates, int h, long previousCell, long cell, long diffDst, long diffHidden, long diffCell, long out) {
        long gate = 4L * h;
        long last = out + 3 * gate;
        ActivationLoops.apply(Activation.TANH, cell, last, last, h);
        int whole = F.loopBound(h);
        for (long at = 0; at < 4L * whole; at += Lanes.BYTES) {
            FloatVector o = load(gates + 3 * gate + at);
            FloatVector t = load(last + at);
            FloatVector dh = load(diffDst + at).add(load(diffHidden + at));
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
        for (int k = whole; k < h; k++) {
            float o = Raw.f32(gates + 3 * gate, k);
            float t = Raw.f32(last, k);
            float dh = Raw.f32(diffDst, k) + Raw.f32(diffHidden, k);
            float dc = Math.fma(dh * o, 1 - t * t, Raw.f32(diffCell, k));
            Raw.f32(last, k, dh * t * (o * (1 - o)));
            float i = Raw.f32(gates, k);
            float f = Raw.f32(gates + gate, k);
            float g = Raw.f32(gates + 2 * gate, k);
            Raw.f32(out, k, dc * g * (i * (1 - i)));
            Raw.f32(out + gate, k, dc * Raw.f32(previousCell, k) * (f * (1 - f)));
            Raw.f32(out + 2 * gate, k, dc * i * (1 - g * g));
            Raw.f32(diffCell, k, dc * f);
        }
    }
}
