package io.gatun.simd;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.Activation;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Writes a tile of sums to C: the first block of k c = alpha·s + beta·c, later ones c = c + alpha·s, the last one
 * + bias and the activation. With beta = 0 the first does not read C. Plain mul and add, so that the direct write of a
 * micro-kernel (alpha = 1, no bias) gives the same bits.
 */
record TileWriter(float alpha, float beta, Activation activation) {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** Whether the micro-kernel itself may write the first block when there is no bias. */
    boolean plain() {
        return alpha == 1 && beta == 0 && activation.kind() == Activation.Kind.IDENTITY;
    }

    /**
     * Writes {@code rows} x {@code columns} of the tile.
     *
     * @param bias address of the bias of the first column, 0 if there is none
     */
    void write(
            long tile, long tileRow, long c, long cRow, int rows, int columns, long bias, boolean first, boolean last) {
        float scale = first ? beta : 1;
        long shift = last ? bias : 0;
        boolean activates = last && activation.kind() != Activation.Kind.IDENTITY;
        if (scale == 0 && alpha == 1 && columns % Lanes.COUNT == 0) {
            boolean relu = last && activation.kind() == Activation.Kind.RELU;
            shifted(tile, tileRow, c, cRow, rows, columns, shift, relu ? 0 : Float.NEGATIVE_INFINITY);
            activates &= !relu;
        } else {
            for (int r = 0; r < rows; r++) {
                row(tile + r * tileRow, c + r * cRow, columns, shift, scale);
            }
        }
        if (activates) {
            activate(c, cRow, rows, columns, tile);
        }
    }

    /**
     * c = max(sums + bias, floor), whole vectors: nothing is read of c, and it is written once. Down the rows, so that a
     * vector of the bias is read once.
     */
    private static void shifted(
            long tile, long tileRow, long c, long cRow, int rows, int columns, long bias, float least) {
        FloatVector floor = Lanes.splat(least);
        for (long at = 0; at < 4L * columns; at += Lanes.BYTES) {
            FloatVector shift = fromMemorySegment(F, MEMORY, bias == 0 ? PanelTile8x2.NOTHING : bias + at, ORDER);
            long from = tile + at;
            long to = c + at;
            for (int r = 0; r < rows; r++, from += tileRow, to += cRow) {
                VectorMath.atLeast(fromMemorySegment(F, MEMORY, from, ORDER).add(shift), floor)
                        .intoMemorySegment(MEMORY, to, ORDER);
            }
        }
    }

    /** c = c + sums, whole vectors: what {@link #write} does in the middle of a product with alpha = 1. */
    void add(long tile, long tileRow, long c, long cRow, int rows) {
        for (int r = 0; r < rows; r++) {
            long from = tile + r * tileRow;
            long to = c + r * cRow;
            for (long end = from + tileRow; from < end; from += Lanes.BYTES, to += Lanes.BYTES) {
                fromMemorySegment(F, MEMORY, to, ORDER)
                        .add(fromMemorySegment(F, MEMORY, from, ORDER))
                        .intoMemorySegment(MEMORY, to, ORDER);
            }
        }
    }

    /** Writes one element but for the activation: c = alpha·sum + beta·c + bias. */
    void one(float sum, long c, long bias) {
        float v = sum * alpha;
        v = beta == 0 ? v : Raw.f32(c, 0) * beta + v;
        Raw.f32(c, 0, bias == 0 ? v : v + Raw.f32(bias, 0));
    }

    private void row(long sums, long c, int columns, long bias, float scale) {
        int i = 0;
        for (; i <= columns - Lanes.COUNT; i += Lanes.COUNT) {
            long at = 4L * i;
            FloatVector v = fromMemorySegment(F, MEMORY, sums + at, ORDER).mul(alpha);
            if (scale != 0) {
                v = fromMemorySegment(F, MEMORY, c + at, ORDER).mul(scale).add(v);
            }
            if (bias != 0) {
                v = v.add(fromMemorySegment(F, MEMORY, bias + at, ORDER));
            }
            v.intoMemorySegment(MEMORY, c + at, ORDER);
        }
        if (i < columns) {
            long at = 4L * i;
            VectorMask<Float> rest = F.indexInRange(i, columns);
            FloatVector v = fromMemorySegment(F, MEMORY, sums + at, ORDER, rest).mul(alpha);
            if (scale != 0) {
                v = fromMemorySegment(F, MEMORY, c + at, ORDER, rest).mul(scale).add(v);
            }
            if (bias != 0) {
                v = v.add(fromMemorySegment(F, MEMORY, bias + at, ORDER, rest));
            }
            v.intoMemorySegment(MEMORY, c + at, ORDER, rest);
        }
    }

    /** c = beta·c + bias, activated: what is left of a product with K = 0. */
    void empty(long c, long cRow, int rows, int columns, long bias) {
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < columns; i++) {
                float v = beta == 0 ? 0 : Raw.f32(c + r * cRow, i) * beta;
                v = bias == 0 ? v : v + Raw.f32(bias, i);
                Raw.f32(c + r * cRow, i, ScalarMath.activate(activation, v));
            }
        }
    }

    /** Rows of C; an activation that takes an exponential runs in a loop of its own, see {@link ActivationLoops}. */
    void activate(long c, long cRow, int rows, int columns, long temporary) {
        switch (activation.kind()) {
            case IDENTITY -> {}
            case RELU, LEAKY_RELU -> {
                for (int r = 0; r < rows; r++) {
                    rectify(c + r * cRow, columns);
                }
            }
            default -> {
                for (int r = 0; r < rows; r++) {
                    ActivationLoops.apply(activation, c + r * cRow, temporary, c + r * cRow, columns);
                }
            }
        }
    }

    private void rectify(long row, int columns) {
        int i = 0;
        for (; i <= columns - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector v = fromMemorySegment(F, MEMORY, row + 4L * i, ORDER);
            rectified(v).intoMemorySegment(MEMORY, row + 4L * i, ORDER);
        }
        if (i < columns) {
            VectorMask<Float> rest = F.indexInRange(i, columns);
            FloatVector v = fromMemorySegment(F, MEMORY, row + 4L * i, ORDER, rest);
            rectified(v).intoMemorySegment(MEMORY, row + 4L * i, ORDER, rest);
        }
    }

    private FloatVector rectified(FloatVector v) {
        return activation.kind() == Activation.Kind.RELU
                ? VectorMath.relu(v)
                : VectorMath.leakyRelu(v, activation.alpha());
    }
}
