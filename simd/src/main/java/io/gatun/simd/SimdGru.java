package io.gatun.simd;

import static io.gatun.simd.ForwardSteps.DST;
import static io.gatun.simd.ForwardSteps.H0;
import static io.gatun.simd.ForwardSteps.HN;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;

/**
 * GRU forward: {@link ForwardSteps} with the fused {@link GruCell}. The workspace is in {@link UnitBlocks}: gates,
 * activated, and the hidden part of n, which the reset gate multiplies, [t, block, b, 4·WIDTH].
 */
final class SimdGru implements Kernel {
    // Operands beside those of ForwardSteps.
    private static final int WEIGHTS_IH = 2;
    private static final int WEIGHTS_HH = 3;
    private static final int BIAS_IH = 4;
    private static final int BIAS_HH = 5;
    private static final int WORKSPACE = HN + 1;

    private static final int BIAS_SLOT = ForwardSteps.FREE_SLOT;

    private final GruSpec spec;
    private final boolean training;
    private final ForwardSteps steps;
    private final UnitBlocks blocks;
    private final UnitBlocks biases;
    private final int scratchSlot;

    private SimdGru(GruSpec spec, Workers workers) {
        this.spec = spec;
        this.training = spec.pass() == Pass.TRAINING;
        this.steps = new ForwardSteps(sizes(spec), this::cell, workers);
        this.blocks = steps.blocks();
        this.biases = new UnitBlocks(3, spec.h());
        this.scratchSlot = training ? WORKSPACE + 1 : WORKSPACE;
    }

    static Offer offer(GruSpec spec, Workers workers) {
        return Offer.of(spec.pass() == Pass.BACKWARD ? new SimdGruBackward(spec, workers) : new SimdGru(spec, workers));
    }

    static LayerSizes sizes(GruSpec spec) {
        return new LayerSizes(spec.t(), spec.b(), spec.i(), spec.h(), 3);
    }

    @Override
    public String implementation() {
        return "simd:gru " + Tiles.HERE.name();
    }

    @Override
    public long workspaceBytes() {
        return training ? 4 * spec.t() * blocks.bytes() : 0;
    }

    /** What the steps need, and the biases. */
    @Override
    public long scratchBytes() {
        return steps.scratchBytes() + 2 * biases.bytes();
    }

    @Override
    public void execute(long[] frame) {
        long scratch = frame[scratchSlot];
        frame[BIAS_SLOT] = scratch + steps.scratchBytes();
        // [3, h] as 3 rows: a block has its gates' biases one after the other.
        biases.gather(frame[BIAS_IH], frame[BIAS_SLOT]);
        biases.gather(frame[BIAS_HH], frame[BIAS_SLOT] + biases.bytes());
        steps.run(frame, frame[WEIGHTS_IH], frame[WEIGHTS_HH], scratch);
    }

    private void cell(long[] frame, int t, int block, int row, int rows, long x, long y, long state) {
        long before = t == 0 ? frame[H0] : frame[DST] + 4L * (t - 1) * spec.b() * spec.h();
        blocks.gather(before + 4L * row * spec.h(), block, rows, state);
        long gates = training ? frame[WORKSPACE] + 4 * (t * blocks.bytes() + blocks.at(block, row)) : x;
        long reset = training ? gates + 3 * rows * UnitBlocks.ROW : y + 2 * rows * UnitBlocks.ROW;
        long bias = frame[BIAS_SLOT] + biases.at(block, 0);
        GruCell.forward(x, y, bias, bias + biases.bytes(), gates, reset, state, rows);
    }
}
