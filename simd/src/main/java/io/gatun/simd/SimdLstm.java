package io.gatun.simd;

import static io.gatun.simd.StepProducts.FREE_SLOT;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;

/**
 * LSTM forward: for each step the products with the inputs and the hidden state, of weights packed once, and the fused
 * {@link LstmCell}. The workspace is gates [t, b, 4h], activated, then cells [t, b, h]; without one the cell runs in cn.
 */
final class SimdLstm implements Kernel {
    // Operands.
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int C0 = 2;
    private static final int WEIGHTS_IH = 3;
    private static final int WEIGHTS_HH = 4;
    private static final int BIAS = 5;
    private static final int DST = 6;
    private static final int HN = 7;
    private static final int CN = 8;
    private static final int WORKSPACE = 9;

    private static final int SUMS_SLOT = FREE_SLOT;
    private static final int GATES_SLOT = FREE_SLOT + 1;
    private static final int PREVIOUS_SLOT = FREE_SLOT + 2;
    private static final int CELL_SLOT = FREE_SLOT + 3;
    private static final int HIDDEN_SLOT = FREE_SLOT + 4;

    /** Elements of a gate worth a hand-over to another thread: 5 us. */
    static final int PIECE_ELEMENTS = 4096;

    private final LstmSpec spec;
    private final Workers workers;
    private final boolean training;
    private final StepProducts products;
    private final int rowsPerPiece;
    private final Task cells = this::cells;
    private final int scratchSlot;

    private SimdLstm(LstmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.training = spec.pass() == Pass.TRAINING;
        int gates = 4 * spec.h();
        this.products = new StepProducts(
                new PanelProduct(spec.i(), gates, true),
                new PanelProduct(spec.h(), gates, true),
                true,
                spec.b(),
                workers);
        this.rowsPerPiece = Math.ceilDiv(PIECE_ELEMENTS, spec.h());
        this.scratchSlot = training ? WORKSPACE + 1 : WORKSPACE;
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

    /** What the products need, and the sums of one step. */
    @Override
    public long scratchBytes() {
        return aligned(products.scratchBytes()) + 4L * 4 * spec.b() * spec.h();
    }

    static long aligned(long bytes) {
        return Math.ceilDiv(bytes, 64) * 64;
    }

    @Override
    public void execute(long[] frame) {
        long stateBytes = 4L * spec.b() * spec.h();
        long scratch = frame[scratchSlot];
        long sums = scratch + aligned(products.scratchBytes());
        if (spec.t() > 0) {
            products.pack(frame, frame[WEIGHTS_IH], frame[WEIGHTS_HH], scratch);
        }
        frame[SUMS_SLOT] = sums;
        long hidden = frame[H0];
        long cell = frame[C0];
        for (int t = 0; t < spec.t(); t++) {
            StepProducts.first(frame, frame[SRC] + 4L * t * spec.b() * spec.i(), sums, frame[BIAS]);
            StepProducts.second(frame, hidden, sums, 0);
            products.run(frame);
            hidden = frame[DST] + t * stateBytes;
            frame[GATES_SLOT] = training ? frame[WORKSPACE] + 4 * t * stateBytes : sums;
            frame[PREVIOUS_SLOT] = cell;
            cell = training ? frame[WORKSPACE] + 4 * gateFloats(spec) + t * stateBytes : frame[CN];
            frame[CELL_SLOT] = cell;
            frame[HIDDEN_SLOT] = hidden;
            workers.run(Math.ceilDiv(spec.b(), rowsPerPiece), cells, frame);
        }
        Pack.move(hidden, frame[HN], spec.b() * spec.h());
        if (cell != frame[CN]) {
            Pack.move(cell, frame[CN], spec.b() * spec.h());
        }
    }

    private void cells(long[] frame, int piece, int worker) {
        int first = piece * rowsPerPiece;
        long row = 4L * spec.h();
        for (int b = first; b < Math.min(spec.b(), first + rowsPerPiece); b++) {
            LstmCell.forward(
                    frame[SUMS_SLOT] + 4 * b * row,
                    frame[GATES_SLOT] + 4 * b * row,
                    spec.h(),
                    frame[PREVIOUS_SLOT] + b * row,
                    frame[CELL_SLOT] + b * row,
                    frame[HIDDEN_SLOT] + b * row);
        }
    }
}
