package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;

/**
 * LSTM forward: one product for the inputs of all steps, then for each step the product with the hidden state, whose
 * weights are packed once, and the fused {@link LstmCell}. The workspace is gates [t, b, 4h], activated, then cells
 * [t, b, h]; without one the gates are in the scratch memory and the cell runs in cn.
 */
final class SimdLstm implements Kernel {
    /** Where the products find their operands: behind the 17 operands and the scratch of the widest LSTM spec. */
    static final int GEMM_SLOT = 18;

    private static final int GATES_SLOT = 23;
    private static final int PREVIOUS_SLOT = 24;
    private static final int CELL_SLOT = 25;
    private static final int HIDDEN_SLOT = 26;

    /** Elements of a gate worth a hand-over to another thread: 5 us. */
    static final int PIECE_ELEMENTS = 4096;

    private final LstmSpec spec;
    private final Workers workers;
    private final boolean training;
    private final SimdGemm input;
    private final SimdGemm step;
    private final int rowsPerPiece;
    private final Task cells = this::cells;
    private final int scratchSlot;

    private SimdLstm(LstmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.training = spec.pass() == Pass.TRAINING;
        int steps = Math.multiplyExact(spec.t(), spec.b());
        this.input = new SimdGemm(
                GemmSpec.of(steps, 4 * spec.h(), spec.i(), false, true).withBias(), workers, GEMM_SLOT, false);
        this.step = new SimdGemm(
                GemmSpec.of(spec.b(), 4 * spec.h(), spec.h(), false, true).scaled(1, 1), workers, GEMM_SLOT, true);
        this.rowsPerPiece = Math.ceilDiv(PIECE_ELEMENTS, spec.h());
        this.scratchSlot = training ? 10 : 9;
    }

    static Offer offer(LstmSpec spec, Workers workers) {
        return Offer.of(
                spec.pass() == Pass.BACKWARD ? new SimdLstmBackward(spec, workers) : new SimdLstm(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:lstm " + Tiles.HERE.name();
    }

    /** Floats of the gates of all steps; the cells follow. */
    static long gateFloats(LstmSpec spec) {
        return 4L * spec.t() * spec.b() * spec.h();
    }

    @Override
    public long workspaceBytes() {
        return training ? 4 * (gateFloats(spec) + gateFloats(spec) / 4) : 0;
    }

    @Override
    public long scratchBytes() {
        return aligned(Math.max(input.scratchBytes(), step.scratchBytes())) + (training ? 0 : 4 * gateFloats(spec));
    }

    static long aligned(long bytes) {
        return Math.ceilDiv(bytes, 64) * 64;
    }

    @Override
    public void execute(long[] frame) {
        long stateBytes = 4L * spec.b() * spec.h();
        long dst = frame[6];
        long scratch = frame[scratchSlot];
        long gates = training ? frame[9] : scratch + aligned(Math.max(input.scratchBytes(), step.scratchBytes()));
        operands(frame, frame[0], frame[3], frame[5], gates);
        frame[GEMM_SLOT + 4] = scratch;
        input.execute(frame);
        operands(frame, frame[1], frame[4], gates, scratch);
        step.packB(frame);
        long hidden = frame[1];
        long cell = frame[2];
        for (int t = 0; t < spec.t(); t++) {
            long stepGates = gates + 4 * t * stateBytes;
            operands(frame, hidden, frame[4], stepGates, scratch);
            step.product(frame);
            hidden = dst + t * stateBytes;
            frame[GATES_SLOT] = stepGates;
            frame[PREVIOUS_SLOT] = cell;
            cell = training ? frame[9] + 4 * gateFloats(spec) + t * stateBytes : frame[8];
            frame[CELL_SLOT] = cell;
            frame[HIDDEN_SLOT] = hidden;
            workers.run(Math.ceilDiv(spec.b(), rowsPerPiece), cells, frame);
        }
        Pack.move(hidden, frame[7], spec.b() * spec.h());
        if (cell != frame[8]) {
            Pack.move(cell, frame[8], spec.b() * spec.h());
        }
    }

    /** The frame of a product without a bias. */
    static void operands(long[] frame, long a, long b, long c, long scratch) {
        frame[GEMM_SLOT] = a;
        frame[GEMM_SLOT + 1] = b;
        frame[GEMM_SLOT + 2] = c;
        frame[GEMM_SLOT + 3] = scratch;
    }

    private void cells(long[] frame, int piece, int worker) {
        int first = piece * rowsPerPiece;
        long row = 4L * spec.h();
        for (int b = first; b < Math.min(spec.b(), first + rowsPerPiece); b++) {
            LstmCell.forward(
                    frame[GATES_SLOT] + 4 * b * row,
                    spec.h(),
                    frame[PREVIOUS_SLOT] + b * row,
                    frame[CELL_SLOT] + b * row,
                    frame[HIDDEN_SLOT] + b * row);
        }
    }
}
