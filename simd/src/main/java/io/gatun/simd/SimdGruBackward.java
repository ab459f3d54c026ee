package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.parallel.Workers;
import io.gatun.spec.GruSpec;

/**
 * GRU backward: {@link BackwardSteps} with the fused {@link GruCell}. Kept are the gradients of r, z, the inputs' part of
 * n and its hidden part, which the reset gate scales.
 */
final class SimdGruBackward implements Kernel {
    // Operands beside those of ForwardSteps.
    private static final int WORKSPACE = 7;
    private static final int DIFF_SRC = 15;

    private static final BackwardSteps.Gates GATES =
            new BackwardSteps.Gates(4, new int[] {0, 1, 2}, new int[] {0, 1, 3}, true);

    private final GruSpec spec;
    private final BackwardSteps steps;
    private final UnitBlocks blocks;
    private final int scratchSlot;

    SimdGruBackward(GruSpec spec, Workers workers) {
        this.spec = spec;
        this.steps = new BackwardSteps(
                SimdGru.sizes(spec),
                GATES,
                new BackwardSteps.Operands(2, 3, 8, 9, 10, 11, 12, 13, 14, spec.constantSrc() ? 0 : DIFF_SRC),
                this::cell,
                workers);
        this.blocks = steps.blocks();
        this.scratchSlot = spec.constantSrc() ? DIFF_SRC : DIFF_SRC + 1;
    }

    @Override
    public String implementation() {
        return "simd:gru backward " + Tiles.HERE.name();
    }

    @Override
    public long workspaceBytes() {
        return 4 * spec.t() * blocks.bytes();
    }

    @Override
    public long scratchBytes() {
        return steps.scratchBytes();
    }

    @Override
    public void execute(long[] frame) {
        steps.run(frame, frame[scratchSlot]);
    }

    private void cell(
            long[] frame, int t, int block, int row, int rows, long diff, long carried, long out, long spare) {
        long before = t == 0 ? frame[ForwardSteps.H0] : frame[ForwardSteps.DST] + 4L * (t - 1) * spec.b() * spec.h();
        blocks.gather(before + 4L * row * spec.h(), block, rows, spare);
        long gates = frame[WORKSPACE] + 4 * (t * blocks.bytes() + blocks.at(block, row));
        GruCell.backward(gates, gates + 3 * rows * UnitBlocks.ROW, spare, diff, carried, out, rows);
    }
}
