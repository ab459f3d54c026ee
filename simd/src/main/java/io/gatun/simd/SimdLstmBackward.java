package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.parallel.Workers;
import io.gatun.spec.LstmSpec;

/** LSTM backward: {@link BackwardSteps} with the fused {@link LstmCell}, and the gradient of the cells from step to step. */
final class SimdLstmBackward implements Kernel {
    // Operands beside those of ForwardSteps.
    private static final int C0 = 2;
    private static final int WORKSPACE = 7;
    private static final int DIFF_CN = 10;
    private static final int DIFF_C0 = 12;
    private static final int DIFF_SRC = 16;

    private static final int[] ALL = {0, 1, 2, 3};

    private final LstmSpec spec;
    private final BackwardSteps steps;
    private final UnitBlocks blocks;
    private final int scratchSlot;

    SimdLstmBackward(LstmSpec spec, Workers workers) {
        this.spec = spec;
        this.steps = new BackwardSteps(
                SimdLstm.sizes(spec),
                new BackwardSteps.Gates(4, ALL, ALL, false),
                new BackwardSteps.Operands(3, 4, 8, 9, 11, 13, 14, 15, 0, spec.constantSrc() ? 0 : DIFF_SRC),
                this::cell,
                workers);
        this.blocks = steps.blocks();
        this.scratchSlot = spec.constantSrc() ? DIFF_SRC : DIFF_SRC + 1;
    }

    @Override
    public String implementation() {
        return "simd:lstm backward " + Tiles.HERE.name();
    }

    @Override
    public long workspaceBytes() {
        return 5 * spec.t() * blocks.bytes();
    }

    /** What the steps need, the first cells, and the cells' gradient. */
    @Override
    public long scratchBytes() {
        return steps.scratchBytes() + 2 * blocks.bytes();
    }

    @Override
    public void execute(long[] frame) {
        long first = frame[scratchSlot] + steps.scratchBytes();
        long diffCell = first + blocks.bytes();
        blocks.gather(frame[C0], first);
        blocks.gather(frame[DIFF_CN], diffCell);
        steps.run(frame, frame[scratchSlot]);
        blocks.scatter(diffCell, frame[DIFF_C0]);
    }

    private void cell(
            long[] frame, int t, int block, int row, int rows, long diff, long carried, long out, long spare) {
        long at = blocks.at(block, row);
        long first = frame[scratchSlot] + steps.scratchBytes() + at;
        long gates = frame[WORKSPACE] + 4 * (t * blocks.bytes() + at);
        long cell = frame[WORKSPACE] + (4L * spec.t() + t) * blocks.bytes() + at;
        long previous = t == 0 ? first : cell - blocks.bytes();
        LstmCell.backward(gates, previous, cell, diff, first + blocks.bytes(), out, rows);
    }
}
