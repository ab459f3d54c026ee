package io.gatun.simd;

import io.gatun.memory.Scope;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * A recurrent layer's way forward: at each step a thread computes its {@link UnitBlocks blocks} of units from the products
 * with the inputs and the state to the new state, of weights packed once. What lies between stays in L1, the weights'
 * order is that in which they are read, and nothing but the new state goes from core to core, once a step.
 *
 * <p>With the inputs' part done at its step too, what it makes is used at once: as one product over all steps it would go
 * through memory three times. The inputs of four steps at a time, so that their weights are read once for 128 rows, ran no
 * faster (235 GFLOP/s a core either way): weights from L3 do not hold the tile up.
 */
final class ForwardSteps {
    /** From the products to the new state. */
    @FunctionalInterface
    interface Cell {
        /**
         * Rows {@code row} to {@code row + rows} of one block at step t.
         *
         * @param x the inputs' products [gates, rows, WIDTH]
         * @param y the state's
         * @param state room for the new state [rows, WIDTH], which is taken from there
         */
        void run(long[] frame, int t, int block, int row, int rows, long x, long y, long state);
    }

    // Operands that all recurrent specs have in these places.
    static final int SRC = 0;
    static final int H0 = 1;
    static final int DST = 6;
    static final int HN = 7;

    // Slots of the frame behind the operands and the scratch of the widest recurrent spec.
    private static final int SCRATCH_SLOT = 18;
    private static final int FIRST_SLOT = 19;
    private static final int SECOND_SLOT = 20;
    private static final int STEP_SLOT = 21;
    private static final int CLAIMS_SLOT = 22;

    /** The first that is free for the kernel. */
    static final int FREE_SLOT = 23;

    private final LayerSizes sizes;
    private final Cell cell;
    private final Workers workers;
    private final UnitBlocks blocks;
    private final PanelProduct inputs;
    private final PanelProduct states;
    private final Shares shares;
    private final int pieces;
    private final int rowsPerPart;
    private final Task packing = this::pack;

    ForwardSteps(LayerSizes sizes, Cell cell, Workers workers) {
        this.sizes = sizes;
        this.cell = cell;
        this.workers = workers;
        this.blocks = new UnitBlocks(sizes.b(), sizes.h());
        this.inputs = PanelProduct.ofRows(sizes.gates(), sizes.h(), sizes.i());
        this.states = PanelProduct.ofRows(sizes.gates(), sizes.h(), sizes.h());
        this.rowsPerPart = UnitBlocks.rowsPerPart(sizes.b());
        this.pieces = Shares.pieces(sizes.stepFlops(), blocks.count);
        this.shares = new Shares(pieces, this::step, CLAIMS_SLOT, workers);
    }

    UnitBlocks blocks() {
        return blocks;
    }

    long scratchBytes() {
        return inputs.packedBytes() + states.packedBytes() + workers.threads() * ownBytes();
    }

    /** Products of both kinds, the new state, and what the products need. */
    private long ownBytes() {
        long most = Math.max(inputs.ownBytes(rowsPerPart), states.ownBytes(rowsPerPart));
        return Scope.aligned(2 * sumsBytes() + rowsPerPart * UnitBlocks.ROW + most);
    }

    /** The last tile of the last gate may be taller than a part. */
    private long sumsBytes() {
        return (long) (sizes.gates() * rowsPerPart + PanelProduct.TILE.rows) * UnitBlocks.ROW;
    }

    void run(long[] frame, long weightsIh, long weightsHh, long scratch) {
        long last = frame[H0];
        if (sizes.t() > 0) {
            frame[SCRATCH_SLOT] = scratch;
            frame[FIRST_SLOT] = weightsIh;
            frame[SECOND_SLOT] = weightsHh;
            workers.run(inputs.panels() + states.panels(), packing, frame);
            for (int t = 0; t < sizes.t(); t++) {
                frame[STEP_SLOT] = t;
                shares.run(frame);
            }
            last = frame[DST] + (sizes.t() - 1) * sizes.stateBytes();
        }
        Pack.move(last, frame[HN], sizes.b() * sizes.h());
    }

    private void pack(long[] frame, int piece, int worker) {
        if (piece < inputs.panels()) {
            inputs.pack(frame[FIRST_SLOT], frame[SCRATCH_SLOT], piece);
        } else {
            long to = frame[SCRATCH_SLOT] + inputs.packedBytes();
            states.pack(frame[SECOND_SLOT], to, piece - inputs.panels());
        }
    }

    private void step(long[] frame, int piece, int worker) {
        for (int block = blocks.count * piece / pieces; block < blocks.count * (piece + 1) / pieces; block++) {
            for (int row = 0; row < sizes.b(); row += rowsPerPart) {
                part(frame, block, row, Math.min(rowsPerPart, sizes.b() - row), worker);
            }
        }
    }

    private void part(long[] frame, int block, int row, int rows, int worker) {
        int t = (int) frame[STEP_SLOT];
        long packed = frame[SCRATCH_SLOT];
        long packedStates = packed + inputs.packedBytes();
        long x = packedStates + states.packedBytes() + worker * ownBytes();
        long y = x + sumsBytes();
        long state = y + sumsBytes();
        long own = state + rowsPerPart * UnitBlocks.ROW;
        long src = frame[SRC] + 4L * ((long) t * sizes.b() + row) * sizes.i();
        long before = t == 0 ? frame[H0] : frame[DST] + (t - 1) * sizes.stateBytes();
        for (int gate = 0; gate < sizes.gates(); gate++) {
            long at = gate * rows * UnitBlocks.ROW;
            int panel = block * sizes.gates() + gate;
            inputs.multiply(src, rows, packed, panel, x + at, own);
            states.multiply(before + 4L * row * sizes.h(), rows, packedStates, panel, y + at, own);
        }
        cell.run(frame, t, block, row, rows, x, y, state);
        blocks.scatter(state, block, rows, frame[DST] + t * sizes.stateBytes() + 4L * row * sizes.h());
    }
}
