package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of a GRU step after the products, and its backward. Three transcendental functions an element, so bound by
 * arithmetic. Rows of gates are [r | z | n], h floats each: x from the inputs, y from the state, biases included.
 */
final class GruCell {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final VectorLoop ADD = new VectorLoop(MethodHandles.lookup(), "add");

    private GruCell() {}

    /**
     * r, z = σ(x + y), n = tanh(x + r·y), kept in {@code gates}, which may be {@code x}; h = (1 - z)·n + z·h0. The
     * functions run in loops of their own, see {@link LstmCell#forward}.
     */
    static void forward(long x, long y, long gates, int h, long previous, long hidden) {
        long gate = 4L * h;
        int whole = F.loopBound(2 * h);
        ADD.run(x, y, gates, whole, 0);
        for (int k = whole; k < 2 * h; k++) {
            Raw.f32(gates, k, Raw.f32(x, k) + Raw.f32(y, k));
        }
        ActivationLoops.apply(Activation.SIGMOID, gates, gates, gates, 2 * h);
        long candidate = gates + 2 * gate;
        whole = F.loopBound(h);
        for (long at = 0; at < 4L * whole; at += Lanes.BYTES) {
            store(candidate + at, load(gates + at).fma(load(y + 2 * gate + at), load(x + 2 * gate + at)));
        }
        for (int k = whole; k < h; k++) {
            Raw.f32(candidate, k, Math.fma(Raw.f32(gates, k), Raw.f32(y + 2 * gate, k), Raw.f32(x + 2 * gate, k)));
        }
        ActivationLoops.apply(Activation.TANH, candidate, candidate, candidate, h);
        for (long at = 0; at < 4L * whole; at += Lanes.BYTES) {
            FloatVector z = load(gates + gate + at);
            FloatVector fresh = splat(1f).sub(z).mul(load(candidate + at));
            store(hidden + at, z.fma(load(previous + at), fresh));
        }
        for (int k = whole; k < h; k++) {
            float z = Raw.f32(gates + gate, k);
            Raw.f32(hidden, k, Math.fma(z, Raw.f32(previous, k), (1 - z) * Raw.f32(candidate, k)));
        }
    }

    private static void add(long a, long b, long to, int n, float parameter) {
        for (int i = 0; i < n; i += Lanes.COUNT) {
            load(a + i * 4L).add(load(b + i * 4L)).intoMemorySegment(Raw.MEMORY, to + i * 4L, Lanes.ORDER);
        }
    }

    /**
     * From the gates' values to the gradients of x and y. Factors that may be 0 come before those that may be large, so
     * that nothing overflows on the way to a small number.
     *
     * <pre>
     * h = (1 - z)·n + z·h0     dh = diffDst + diffHidden, dz = dh·z(1 - z)·(h0 - n), diffHidden = dh·z
     * n = tanh(x_n + r·y_n)    dx_n = dh·(1 - z)·(1 - n²), dy_n = dx_n·r, dr = dx_n·r(1 - r)·y_n
     * </pre>
     *
     * @param reset y_n, as forward had it
     */
    static void backward(
            long gates, int h, long reset, long previous, long diffDst, long diffHidden, long outX, long outY) {
        long gate = 4L * h;
        int whole = F.loopBound(h);
        for (long at = 0; at < 4L * whole; at += Lanes.BYTES) {
            FloatVector dh = load(diffDst + at).add(load(diffHidden + at));
            FloatVector z = load(gates + gate + at);
            FloatVector n = load(gates + 2 * gate + at);
            store(diffHidden + at, dh.mul(z));
            FloatVector dz =
                    dh.mul(VectorMath.logisticSlope(z)).mul(load(previous + at).sub(n));
            store(outX + gate + at, dz);
            store(outY + gate + at, dz);
            FloatVector dn = dh.mul(splat(1f).sub(z)).mul(splat(1f).sub(n.mul(n)));
            store(outX + 2 * gate + at, dn);
            FloatVector r = load(gates + at);
            store(outY + 2 * gate + at, dn.mul(r));
            FloatVector dr = dn.mul(VectorMath.logisticSlope(r)).mul(load(reset + at));
            store(outX + at, dr);
            store(outY + at, dr);
        }
        for (int k = whole; k < h; k++) {
            float dh = Raw.f32(diffDst, k) + Raw.f32(diffHidden, k);
            float z = Raw.f32(gates + gate, k);
            float n = Raw.f32(gates + 2 * gate, k);
            Raw.f32(diffHidden, k, dh * z);
            float dz = dh * (z * (1 - z)) * (Raw.f32(previous, k) - n);
            Raw.f32(outX + gate, k, dz);
            Raw.f32(outY + gate, k, dz);
            float dn = dh * (1 - z) * (1 - n * n);
            Raw.f32(outX + 2 * gate, k, dn);
            float r = Raw.f32(gates, k);
            Raw.f32(outY + 2 * gate, k, dn * r);
            float dr = dn * (r * (1 - r)) * Raw.f32(reset, k);
            Raw.f32(outX, k, dr);
            Raw.f32(outY, k, dr);
        }
    }
}
