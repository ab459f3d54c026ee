package io.gatun.simd;

import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * The two products of each step of a recurrent layer, with weightsIh and weightsHh, in one run of the pool: both are cut
 * into as many pieces, and a piece does its columns of the first and then those of the second, which may add to the
 * first's. With the inputs' part done at its step too, what it makes is used while it lies in L2: as one product
 * over all steps it would go through memory three times.
 */
final class StepProducts {
    // Slots of the frame behind the operands and the scratch of the widest recurrent spec.
    /** Rows that the first product multiplies, then where it writes, then its bias or 0. */
    static final int FIRST_SLOT = 18;

    /** The same of the second. */
    static final int SECOND_SLOT = 21;

    private static final int PACKED_SLOT = 24;

    /** The first that is free for the kernel. */
    static final int FREE_SLOT = 25;

    /** Floating-point operations of a piece at least, and pieces at most. */
    private static final double PIECE_FLOPS = 4e6;

    private static final int MAX_PIECES = 16;

    private final PanelProduct first;
    private final PanelProduct second;
    private final boolean secondAdds;
    private final int rows;
    private final int pieces;
    private final long ownBytes;
    private final Workers workers;
    private final Task packing = this::pack;
    private final Task multiplying = this::multiply;

    /** Products of {@code rows} rows; the second adds to what is there, or writes. */
    StepProducts(PanelProduct first, PanelProduct second, boolean secondAdds, int rows, Workers workers) {
        this.first = first;
        this.second = second;
        this.secondAdds = secondAdds;
        this.rows = rows;
        this.workers = workers;
        double flops = 2.0 * rows * (first.work() + second.work());
        int most = Math.min(MAX_PIECES, Math.max(first.panels(), second.panels()));
        this.pieces = rows == 0 ? 0 : (int) Math.clamp(flops / PIECE_FLOPS, 1, most);
        this.ownBytes = SimdLstm.aligned(PanelProduct.workerBytes(rows, Math.max(first.k(), second.k())));
    }

    long scratchBytes() {
        return first.packedBytes() + second.packedBytes() + workers.threads() * ownBytes;
    }

    /** Packs both matrices into the scratch memory. */
    void pack(long[] frame, long firstWeights, long secondWeights, long scratch) {
        frame[FIRST_SLOT] = firstWeights;
        frame[SECOND_SLOT] = secondWeights;
        frame[PACKED_SLOT] = scratch;
        workers.run(first.panels() + second.panels(), packing, frame);
    }

    private void pack(long[] frame, int piece, int worker) {
        if (piece < first.panels()) {
            first.pack(frame[FIRST_SLOT], frame[PACKED_SLOT], piece);
        } else {
            long to = frame[PACKED_SLOT] + first.packedBytes();
            second.pack(frame[SECOND_SLOT], to, piece - first.panels());
        }
    }

    static void first(long[] frame, long a, long c, long bias) {
        frame[FIRST_SLOT] = a;
        frame[FIRST_SLOT + 1] = c;
        frame[FIRST_SLOT + 2] = bias;
    }

    static void second(long[] frame, long a, long c, long bias) {
        frame[SECOND_SLOT] = a;
        frame[SECOND_SLOT + 1] = c;
        frame[SECOND_SLOT + 2] = bias;
    }

    /** Both products, of the packed weights and what {@link #first} and {@link #second} have set. */
    void run(long[] frame) {
        workers.run(pieces, multiplying, frame);
    }

    private void multiply(long[] frame, int piece, int worker) {
        long packed = frame[PACKED_SLOT];
        long own = packed + first.packedBytes() + second.packedBytes() + worker * ownBytes;
        part(first, frame, FIRST_SLOT, packed, piece, false, own);
        part(second, frame, SECOND_SLOT, packed + first.packedBytes(), piece, secondAdds, own);
    }

    private void part(PanelProduct product, long[] frame, int slot, long packed, int piece, boolean adds, long own) {
        int from = product.panels() * piece / pieces;
        int to = product.panels() * (piece + 1) / pieces;
        product.multiply(frame[slot], rows, packed, from, to, frame[slot + 1], frame[slot + 2], adds, own);
    }
}
