package io.gatun.simd;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * The gradients of a recurrent layer's weights and biases: one product over all steps of the gates' gradients with the
 * inputs, one with the states before each step (h0, then dst but for its last step), and column sums.
 *
 * <p>Step after step the gates' gradients are kept in strips of 16 columns, while they lie in L1: [gate, strip, t·b, 16],
 * which is how a tile reads them. As rows [t·b, 4h] they would have to be copied so for the product, block by block (on
 * two Zen 5 cores 445 GFLOP/s for 450 to 474, at 2048 x 512 x 2048).
 */
final class WeightProducts {
    private static final int STRIP = PanelProduct.STRIP;

    // Slots of the frame behind the operands and the scratch of the widest recurrent spec.
    private static final int STRIPS_SLOT = StepProducts.FIRST_SLOT;
    private static final int FIRST_SLOT = STRIPS_SLOT + 1;
    private static final int REST_SLOT = STRIPS_SLOT + 2;
    private static final int TO_SLOT = STRIPS_SLOT + 3;
    private static final int SCRATCH_SLOT = STRIPS_SLOT + 4;

    private final int firstRows;
    private final int rows;
    private final int h;
    private final int stripsPerGate;
    private final long stripBytes;
    private final int kept;
    private final Side input;
    private final Side hidden;
    private final Workers workers;

    /**
     * For a layer of t steps, b rows, i inputs and h units.
     *
     * @param kept how many gates' gradients are kept
     * @param ofInput which of them, in the order of weightsIh
     * @param ofHidden which of them, in the order of weightsHh
     */
    WeightProducts(int t, int b, int i, int h, int kept, int[] ofInput, int[] ofHidden, Workers workers) {
        this.firstRows = t == 0 ? 0 : b;
        this.rows = Math.multiplyExact(t, b);
        this.h = h;
        this.kept = kept;
        this.stripsPerGate = Math.ceilDiv(h, STRIP);
        // An odd number of lines: at a power of two all strips of a row would fall into one set of the caches.
        this.stripBytes = 4L * STRIP * (rows | 1);
        this.workers = workers;
        this.input = new Side(PanelProduct.turned(rows, i), i, ofInput);
        this.hidden = new Side(PanelProduct.turned(rows, h), h, ofHidden);
    }

    /** What the products need while they run. */
    long scratchBytes() {
        return Math.max(input.packedBytes(), hidden.packedBytes()) + workers.threads() * ownBytes();
    }

    private static long ownBytes() {
        return SimdLstm.aligned(PanelProduct.workerBytes(STRIP, 0));
    }

    /** The gates' gradients of all steps. */
    long stripsBytes() {
        return kept * stripsPerGate * stripBytes;
    }

    /** Keeps a gate's h gradients of one row of t·b. */
    void keep(long strips, int gate, int row, long from) {
        long to = strips + gate * stripsPerGate * stripBytes + 4L * STRIP * row;
        int whole = h / STRIP;
        for (int s = 0; s < whole; s++) {
            for (long at = 0; at < 4L * STRIP; at += Lanes.BYTES) {
                Lanes.load(from + at).intoMemorySegment(Raw.MEMORY, to + at, Lanes.ORDER);
            }
            from += 4L * STRIP;
            to += stripBytes;
        }
        for (int k = 0; k < h - whole * STRIP; k++) {
            Raw.f32(to, k, Raw.f32(from, k));
        }
    }

    /** diffWeights [gates·h, i] = gradientsᵀ · src; diffBias [gates·h]. */
    void input(long[] frame, long strips, long src, long diffWeights, long diffBias, long scratch) {
        input.run(frame, strips, src, src + 4L * firstRows * input.columns, diffWeights, diffBias, scratch);
    }

    /** diffWeights [gates·h, h] = gradientsᵀ · states before each step; diffBias [gates·h], or 0 for none. */
    void hidden(long[] frame, long strips, long h0, long dst, long diffWeights, long diffBias, long scratch) {
        hidden.run(frame, strips, h0, dst, diffWeights, diffBias, scratch);
    }

    /** The product for one of the two matrices. */
    private final class Side {
        private final PanelProduct product;
        private final int columns;
        private final int[] gates;
        private final Task packing = this::pack;
        private final Task multiplying = this::multiply;
        private final Task summing = this::sum;

        Side(PanelProduct product, int columns, int[] gates) {
            this.product = product;
            this.columns = columns;
            this.gates = gates;
        }

        long packedBytes() {
            return product.packedBytes();
        }

        void run(long[] frame, long strips, long first, long rest, long to, long diffBias, long scratch) {
            frame[STRIPS_SLOT] = strips;
            if (diffBias != 0) {
                frame[TO_SLOT] = diffBias;
                workers.run(gates.length * stripsPerGate, summing, frame);
            }
            if (rows == 0) {
                Pack.zero(to, gates.length * h * columns);
                return;
            }
            frame[FIRST_SLOT] = first;
            frame[REST_SLOT] = rest;
            frame[TO_SLOT] = to;
            frame[SCRATCH_SLOT] = scratch;
            workers.run(product.panels(), packing, frame);
            workers.run(product.panels() * gates.length, multiplying, frame);
        }

        private void pack(long[] frame, int panel, int worker) {
            product.pack(frame[FIRST_SLOT], firstRows, frame[REST_SLOT], frame[SCRATCH_SLOT], panel);
        }

        /** One panel of columns for one gate: both threads read the same panel at a time. */
        private void multiply(long[] frame, int piece, int worker) {
            int panel = piece / gates.length;
            int gate = piece % gates.length;
            long packed = frame[SCRATCH_SLOT];
            long own = packed + packedBytes() + worker * ownBytes();
            long strip = frame[STRIPS_SLOT] + gates[gate] * stripsPerGate * stripBytes;
            for (int from = 0; from < h; from += STRIP, strip += stripBytes) {
                long to = frame[TO_SLOT] + 4L * (gate * h + from) * columns;
                product.multiply(strip, Math.min(STRIP, h - from), packed, panel, panel + 1, to, 0, false, own);
            }
        }

        /** The sums of one strip, which is read from left to right. */
        private void sum(long[] frame, int piece, int worker) {
            int gate = piece / stripsPerGate;
            int strip = piece % stripsPerGate;
            int from = strip * STRIP;
            int count = Math.min(STRIP, h - from);
            long to = frame[TO_SLOT] + 4L * (gate * h + from);
            Pack.zero(to, count);
            long at = frame[STRIPS_SLOT] + (gates[gate] * stripsPerGate + strip) * stripBytes;
            ColumnSums.add(false, at, rows, 4L * STRIP, count, to);
        }
    }
}
