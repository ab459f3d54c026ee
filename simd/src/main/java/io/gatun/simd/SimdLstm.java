package io.gatun.simd;

import static io.gatun.simd.ForwardSteps.HN;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;

/**
 * LSTM forward: {@link ForwardSteps} with the fused {@link LstmCell}. The workspace is in {@link UnitBlocks}: gates [t,
 * block, b, 4·WIDTH], activated, then cells [t, block, b, WIDTH]; without one the cell runs in the scratch memory.
 */
final class SimdLstm implements Kernel {
    // Operands beside those of ForwardSteps.
    private static final int C0 = 2;
    private static final int WEIGHTS_IH = 3;
    private static final int WEIGHTS_HH = 4;
    private static final int BIAS = 5;
    private static final int CN = HN + 1;
    private static final int WORKSPACE = 9;

    private static final int STATE_SLOT = ForwardSteps.FREE_SLOT;
    private static final int BIAS_SLOT = ForwardSteps.FREE_SLOT + 1;

    private final LstmSpec spec;
    private final boolean training;
    private final ForwardSteps steps;
    private final UnitBlocks blocks;
    private final UnitBlocks biases;
    private final int scratchSlot;

    private SimdLstm(LstmSpec spec, Workers workers) {
        this.spec = spec;
        this.training = spec.pass() == Pass.TRAINING;
        this.steps = new ForwardSteps(sizes(spec), this::cell, workers);
        this.blocks = steps.blocks();
        this.biases = new UnitBlocks(4, spec.h());
        this.scratchSlot = training ? WORKSPACE + 1 : WORKSPACE;
    }

    static Offer offer(LstmSpec spec, Workers workers) {
        return Offer.of(
                spec.pass() == Pass.BACKWARD ? new SimdLstmBackward(spec, workers) : new SimdLstm(spec, workers));
    }

    static LayerSizes sizes(LstmSpec spec) {
        return new LayerSizes(spec.t(), spec.b(), spec.i(), spec.h(), 4);
    }

    @Override
    public String implementation() {
        return "simd:lstm " + Tiles.HERE.name();
    }

    @Override
    public long workspaceBytes() {
        return training ? 5 * spec.t() * blocks.bytes() : 0;
    }

    /** What the steps need, the first cells, and the biases. */
    @Override
    public long scratchBytes() {
        return steps.scratchBytes() + blocks.bytes() + biases.bytes();
    }

    @Override
    public void execute(long[] frame) {
        long scratch = frame[scratchSlot];
        frame[STATE_SLOT] = scratch + steps.scratchBytes();
        frame[BIAS_SLOT] = frame[STATE_SLOT] + blocks.bytes();
        blocks.gather(frame[C0], frame[STATE_SLOT]);
        // [4, h] as 4 rows: a block has its gates' biases one after the other.
        biases.gather(frame[BIAS], frame[BIAS_SLOT]);
        steps.run(frame, frame[WEIGHTS_IH], frame[WEIGHTS_HH], scratch);
        blocks.scatter(cells(frame, spec.t() - 1), frame[CN]);
    }

    /** The cells of a step, or before the first. */
    private long cells(long[] frame, int t) {
        long gates = 4L * spec.t() * blocks.bytes();
        return t < 0 || !training ? frame[STATE_SLOT] : frame[WORKSPACE] + gates + t * blocks.bytes();
    }

    private void cell(long[] frame, int t, int block, int row, int rows, long x, long y, long state) {
        long at = blocks.at(block, row);
        long gates = training ? frame[WORKSPACE] + 4 * (t * blocks.bytes() + at) : x;
        long bias = frame[BIAS_SLOT] + biases.at(block, 0);
        LstmCell.forward(x, y, bias, gates, cells(frame, t - 1) + at, cells(frame, t) + at, state, rows);
    }
}
