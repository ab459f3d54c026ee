package io.gatun.simd;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of an LSTM step after the products, and its backward: the four gates in one pass. Five transcendental
 * functions an element, so bound by arithmetic. A row of gates is [i | f | g | o], h floats each.
 */
final class LstmCell {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private LstmCell() {}

    /** i, f, o = σ(·), g = tanh(·), kept in {@code gates}; c = f·c0 + i·g; h = o·tanh(c). */
    static void forward(long gates, int h, long previousCell, long cell, long hidden) {
        long gate = 4L * h;
        for (int j = 0; j < h; j += Lanes.COUNT) {
            VectorMask<Float> mask = F.indexInRange(j, h);
            long at = 4L * j;
            FloatVector i = VectorMath.sigmoid(load(gates + at, mask));
            FloatVector f = VectorMath.sigmoid(load(gates + gate + at, mask));
            FloatVector g = VectorMath.tanh(load(gates + 2 * gate + at, mask));
            FloatVector o = VectorMath.sigmoid(load(gates + 3 * gate + at, mask));
            FloatVector c = f.fma(load(previousCell + at, mask), i.mul(g));
            store(i, gates + at, mask);
            store(f, gates + gate + at, mask);
            store(g, gates + 2 * gate + at, mask);
            store(o, gates + 3 * gate + at, mask);
            store(c, cell + at, mask);
            store(o.mul(VectorMath.tanh(c)), hidden + at, mask);
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
        for (int j = 0; j < h; j += Lanes.COUNT) {
            VectorMask<Float> mask = F.indexInRange(j, h);
            long at = 4L * j;
            FloatVector o = load(gates + 3 * gate + at, mask);
            FloatVector t = VectorMath.tanh(load(cell + at, mask));
            FloatVector dh = load(diffDst + at, mask).add(load(diffHidden + at, mask));
            FloatVector dc = dh.mul(o).fma(one().sub(t.mul(t)), load(diffCell + at, mask));
            store(dh.mul(t).mul(logistic(o)), out + 3 * gate + at, mask);
            FloatVector i = load(gates + at, mask);
            FloatVector f = load(gates + gate + at, mask);
            FloatVector g = load(gates + 2 * gate + at, mask);
            store(dc.mul(g).mul(logistic(i)), out + at, mask);
            store(dc.mul(load(previousCell + at, mask)).mul(logistic(f)), out + gate + at, mask);
            store(dc.mul(i).mul(one().sub(g.mul(g))), out + 2 * gate + at, mask);
            store(dc.mul(f), diffCell + at, mask);
        }
    }

    /** Column sums of {@code rows} rows, for the columns of one vector. */
    static void sumRows(long rows, int count, long row, int column, int columns, long to) {
        VectorMask<Float> mask = F.indexInRange(column, columns);
        FloatVector total = FloatVector.zero(F);
        for (int r = 0; r < count; r++) {
            total = total.add(load(rows + r * row + 4L * column, mask));
        }
        store(total, to + 4L * column, mask);
    }

    private static FloatVector one() {
        return FloatVector.broadcast(F, 1f);
    }

    /** σ' from σ. */
    private static FloatVector logistic(FloatVector y) {
        return y.mul(one().sub(y));
    }

    private static FloatVector load(long address, VectorMask<Float> mask) {
        return fromMemorySegment(F, MEMORY, address, ORDER, mask);
    }

    private static void store(FloatVector v, long address, VectorMask<Float> mask) {
        v.intoMemorySegment(MEMORY, address, ORDER, mask);
    }
}
