package io.gatun.simd;

import io.gatun.memory.Scope;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * A recurrent layer's way back, from the last step to the first. At each a thread computes its {@link UnitBlocks blocks}
 * of units: the gradient of the state, from the gates' gradients of the step after, and from that the gates' at this
 * one. These go from core to core, once a step. After some steps, while they lie in L3, come the gradients of
 * the weights and of the inputs, which no step waits for.
 */
final class BackwardSteps {
    /** From the state's gradient to the gates'. */
    @FunctionalInterface
    interface Cell {
        /**
         * Rows {@code row} to {@code row + rows} of one block at step t.
         *
         * @param diff the gradient of the state [rows, WIDTH]
         * @param carried where the part of the gradient of the state before goes that passes by the gates, [rows, WIDTH]
         * @param out the gates' gradients [kept, rows, WIDTH]
         * @param spare room for a block of the rows
         */
        void run(long[] frame, int t, int block, int row, int rows, long diff, long carried, long out, long spare);
    }

    /**
     * What tells one kind of cell from another.
     *
     * @param kept how many gates' gradients the cell gives
     * @param ofInput which of them, in the order of weightsIh
     * @param ofHidden which of them, in the order of weightsHh
     * @param carries whether a part of the state's gradient passes by the gates
     */
    record Gates(int kept, int[] ofInput, int[] ofHidden, boolean carries) {}

    /** Places of the operands that differ in it; diffBiasHh and diffSrc are 0 where there is none. */
    record Operands(
            int weightsIh,
            int weightsHh,
            int diffDst,
            int diffHn,
            int diffH0,
            int diffWeightsIh,
            int diffWeightsHh,
            int diffBiasIh,
            int diffBiasHh,
            int diffSrc) {}

    // Slots of the frame behind the operands and the scratch of the widest recurrent spec.
    private static final int SCRATCH_SLOT = 18;
    private static final int STEP_SLOT = 19;
    private static final int CHUNK_SLOT = 20;
    private static final int PHASE_SLOT = 21;
    private static final int CLAIMS_SLOT = 22;
    private static final int ROWS_SLOT = 23;

    // Phases of a step in a chunk of them: the last has the state's gradient from before, and the first hands it on.
    private static final int LAST = 0;
    private static final int WITHIN = 1;
    private static final int HAND_ON = 2;

    /** Rows whose gates' gradients are kept, at most unless a step has more: 4 MB of 4 gates of 512 units. */
    private static final int CHUNK_ROWS = 512;

    private final LayerSizes sizes;
    private final Gates gates;
    private final Operands at;
    private final Cell cell;
    private final Workers workers;
    private final UnitBlocks blocks;
    private final UnitBlocks inputBlocks;
    private final GateStrips strips;
    private final PanelProduct states;
    private final PanelProduct inputs;
    private final WeightProducts weights;
    private final Shares shares;
    private final int pieces;
    private final int stepsPerChunk;
    private final int rowsPerPart;
    private final Task packing = this::pack;
    private final Task packingRows;
    private final Task finishing = this::finish;

    BackwardSteps(LayerSizes sizes, Gates gates, Operands at, Cell cell, Workers workers) {
        this.sizes = sizes;
        this.gates = gates;
        this.at = at;
        this.cell = cell;
        this.workers = workers;
        this.blocks = new UnitBlocks(sizes.b(), sizes.h());
        this.inputBlocks = new UnitBlocks(sizes.b(), sizes.i());
        this.stepsPerChunk = Math.clamp(CHUNK_ROWS / Math.max(1, sizes.b()), 1, Math.max(1, sizes.t()));
        int rows = stepsPerChunk * sizes.b();
        this.strips = new GateStrips(gates.kept, rows, sizes.h());
        this.states = PanelProduct.ofStrips(strips, gates.ofHidden, sizes.h());
        // Of no columns where nobody wants diffSrc.
        this.inputs = PanelProduct.ofStrips(strips, gates.ofInput, at.diffSrc == 0 ? 0 : sizes.i());
        this.weights = new WeightProducts(strips, stepsPerChunk, sizes, gates, at);
        this.packingRows = weights::pack;
        this.rowsPerPart = UnitBlocks.rowsPerPart(sizes.b());
        this.pieces = Shares.pieces(sizes.stepFlops() / 2, blocks.count);
        this.shares = new Shares(pieces, this::step, CLAIMS_SLOT, workers);
    }

    UnitBlocks blocks() {
        return blocks;
    }

    long scratchBytes() {
        return stripsAt() + strips.bytes() + blocks.bytes() + weights.packedBytes() + workers.threads() * ownBytes();
    }

    private long stripsAt() {
        return states.packedBytes() + inputs.packedBytes();
    }

    /** The product, the state's gradient, what the cell gives, and what the products need. */
    private long ownBytes() {
        long most = Math.max(states.ownBytes(rowsPerPart), inputs.ownBytes(rowsPerPart));
        long step = 2 * partBytes() + gates.kept * rowsPerPart * UnitBlocks.ROW + most;
        return Scope.aligned(Math.max(step, WeightProducts.OWN_BYTES));
    }

    private long partBytes() {
        return Math.max(rowsPerPart, PanelProduct.TILE.rows) * UnitBlocks.ROW;
    }

    void run(long[] frame, long scratch) {
        frame[SCRATCH_SLOT] = scratch;
        long state = scratch + stripsAt() + strips.bytes();
        blocks.gather(frame[at.diffHn], state);
        weights.begin(frame);
        if (sizes.t() > 0) {
            workers.run(states.panels() + inputs.panels(), packing, frame);
            strips.clear(scratch + stripsAt());
        }
        for (int to = sizes.t(); to > 0; to -= stepsPerChunk) {
            chunk(frame, Math.max(0, to - stepsPerChunk), to);
        }
        blocks.scatter(state, frame[at.diffH0]);
    }

    /** Steps {@code from} to {@code to}. */
    private void chunk(long[] frame, int from, int to) {
        frame[CHUNK_SLOT] = from;
        for (int t = to - 1; t >= from; t--) {
            phase(frame, t, t == to - 1 ? LAST : WITHIN);
        }
        phase(frame, from - 1, HAND_ON);
        int rows = (to - from) * sizes.b();
        frame[ROWS_SLOT] = rows;
        long scratch = frame[SCRATCH_SLOT];
        long packed = scratch + stripsAt() + strips.bytes() + blocks.bytes();
        weights.chunk(frame, from, rows, to < sizes.t(), scratch + stripsAt(), packed);
        workers.run(weights.packs(), packingRows, frame);
        int parts = inputs.panels() == 0 ? 0 : Math.ceilDiv(rows, rowsPerPart);
        workers.run(weights.pieces() + parts, finishing, frame);
    }

    private void phase(long[] frame, int t, int phase) {
        frame[STEP_SLOT] = t;
        frame[PHASE_SLOT] = phase;
        shares.run(frame);
    }

    private void pack(long[] frame, int piece, int worker) {
        if (piece < states.panels()) {
            states.pack(frame[at.weightsHh], frame[SCRATCH_SLOT], piece);
        } else {
            long to = frame[SCRATCH_SLOT] + states.packedBytes();
            inputs.pack(frame[at.weightsIh], to, piece - states.panels());
        }
    }

    private long own(long[] frame, int worker) {
        long shared = stripsAt() + strips.bytes() + blocks.bytes() + weights.packedBytes();
        return frame[SCRATCH_SLOT] + shared + worker * ownBytes();
    }

    private void step(long[] frame, int piece, int worker) {
        for (int block = blocks.count * piece / pieces; block < blocks.count * (piece + 1) / pieces; block++) {
            for (int row = 0; row < sizes.b(); row += rowsPerPart) {
                part(frame, block, row, Math.min(rowsPerPart, sizes.b() - row), own(frame, worker));
            }
        }
    }

    private void part(long[] frame, int block, int row, int rows, long product) {
        long diff = product + partBytes();
        long out = diff + partBytes();
        long own = out + gates.kept * rowsPerPart * UnitBlocks.ROW;
        int t = (int) frame[STEP_SLOT];
        int step = t - (int) frame[CHUNK_SLOT];
        int phase = (int) frame[PHASE_SLOT];
        long kept = frame[SCRATCH_SLOT] + stripsAt();
        long state = kept + strips.bytes() + blocks.at(block, row);
        if (phase != LAST) {
            long from = kept + GateStrips.ROW * ((long) (step + 1) * sizes.b() + row);
            states.multiply(from, rows, frame[SCRATCH_SLOT], block, product, own);
            if (gates.carries) {
                UnitBlocks.add(state, product, rows);
            }
        }
        if (phase == HAND_ON) {
            Pack.move(product, state, rows * UnitBlocks.WIDTH);
            return;
        }
        blocks.gather(frame[at.diffDst] + t * sizes.stateBytes() + 4L * row * sizes.h(), block, rows, diff);
        UnitBlocks.add(phase == LAST ? state : product, diff, rows);
        cell.run(frame, t, block, row, rows, diff, state, out, product);
        for (int gate = 0; gate < gates.kept; gate++) {
            long from = out + gate * rows * UnitBlocks.ROW;
            strips.keep(kept, gate, block, blocks.columns(block), step * sizes.b() + row, rows, from);
        }
    }

    private void finish(long[] frame, int piece, int worker) {
        long own = own(frame, worker);
        if (piece < weights.pieces()) {
            weights.multiply(frame, piece, own);
            return;
        }
        int row = (piece - weights.pieces()) * rowsPerPart;
        sources(frame, row, Math.min(rowsPerPart, (int) frame[ROWS_SLOT] - row), own);
    }

    /** Rows of diffSrc from the gates' gradients. */
    private void sources(long[] frame, int row, int rows, long product) {
        long scratch = frame[SCRATCH_SLOT];
        long from = scratch + stripsAt() + GateStrips.ROW * row;
        long to = frame[at.diffSrc] + 4L * (frame[CHUNK_SLOT] * sizes.b() + row) * sizes.i();
        for (int panel = 0; panel < inputs.panels(); panel++) {
            inputs.multiply(from, rows, scratch + states.packedBytes(), panel, product, product + partBytes());
            inputBlocks.scatter(product, panel, rows, to);
        }
    }
}
