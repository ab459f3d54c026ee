package io.gatun.simd;

import static io.gatun.simd.StepProducts.FREE_SLOT;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;

/**
 * GRU forward: for each step the products with the inputs and the hidden state, of weights packed once, and the fused
 * {@link GruCell}. The workspace is gates [t, b, 3h], activated, then the hidden part of n, which the reset gate
 * multiplies, [t, b, h].
 */
final class SimdGru implements Kernel {
    // Operands.
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int WEIGHTS_IH = 2;
    private static final int WEIGHTS_HH = 3;
    private static final int BIAS_IH = 4;
    private static final int BIAS_HH = 5;
    private static final int DST = 6;
    private static final int HN = 7;
    private static final int WORKSPACE = 8;

    private static final int SUMS_SLOT = FREE_SLOT;
    private static final int GATES_SLOT = FREE_SLOT + 1;
    private static final int PREVIOUS_SLOT = FREE_SLOT + 2;
    private static final int HIDDEN_SLOT = FREE_SLOT + 3;
    private static final int RESET_SLOT = FREE_SLOT + 4;

    private final GruSpec spec;
    private final Workers workers;
    private final boolean training;
    private final StepProducts products;
    private final int rowsPerPiece;
    private final Task cells = this::cells;
    private final int scratchSlot;

    private SimdGru(GruSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.training = spec.pass() == Pass.TRAINING;
        int gates = 3 * spec.h();
        this.products = new StepProducts(
                new PanelProduct(spec.i(), gates, true),
                new PanelProduct(spec.h(), gates, true),
                false,
                spec.b(),
                workers);
        this.rowsPerPiece = Math.ceilDiv(SimdLstm.PIECE_ELEMENTS, spec.h());
        this.scratchSlot = training ? WORKSPACE + 1 : WORKSPACE;
    }

    static Offer offer(GruSpec spec, Workers workers) {
        return Offer.of(spec.pass() == Pass.BACKWARD ? new SimdGruBackward(spec, workers) : new SimdGru(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:gru " + Tiles.HERE.name();
    }

    /** Floats of one gate of all steps. */
    static long gateFloats(GruSpec spec) {
        return (long) spec.t() * spec.b() * spec.h();
    }

    @Override
    public long workspaceBytes() {
        return training ? 4 * 4 * gateFloats(spec) : 0;
    }

    /** What the products need, and two products of one step. */
    @Override
    public long scratchBytes() {
        return SimdLstm.aligned(products.scratchBytes()) + 2 * sumsBytes();
    }

    private long sumsBytes() {
        return 4L * 3 * spec.b() * spec.h();
    }

    @Override
    public void execute(long[] frame) {
        long stateBytes = 4L * spec.b() * spec.h();
        long scratch = frame[scratchSlot];
        long x = scratch + SimdLstm.aligned(products.scratchBytes());
        long y = x + sumsBytes();
        if (spec.t() > 0) {
            products.pack(frame, frame[WEIGHTS_IH], frame[WEIGHTS_HH], scratch);
        }
        frame[SUMS_SLOT] = x;
        long hidden = frame[H0];
        for (int t = 0; t < spec.t(); t++) {
            StepProducts.first(frame, frame[SRC] + 4L * t * spec.b() * spec.i(), x, frame[BIAS_IH]);
            StepProducts.second(frame, hidden, y, frame[BIAS_HH]);
            products.run(frame);
            frame[PREVIOUS_SLOT] = hidden;
            hidden = frame[DST] + t * stateBytes;
            frame[HIDDEN_SLOT] = hidden;
            frame[GATES_SLOT] = training ? frame[WORKSPACE] + 3 * t * stateBytes : x;
            frame[RESET_SLOT] = training ? frame[WORKSPACE] + 4 * 3 * gateFloats(spec) + t * stateBytes : 0;
            workers.run(Math.ceilDiv(spec.b(), rowsPerPiece), cells, frame);
        }
        Pack.move(hidden, frame[HN], spec.b() * spec.h());
    }

    private void cells(long[] frame, int piece, int worker) {
        int h = spec.h();
        int first = piece * rowsPerPiece;
        long row = 4L * h;
        for (int b = first; b < Math.min(spec.b(), first + rowsPerPiece); b++) {
            long x = frame[SUMS_SLOT] + 3 * b * row;
            long y = x + sumsBytes();
            if (training) {
                Pack.move(y + 2 * row, frame[RESET_SLOT] + b * row, h);
            }
            GruCell.forward(
                    x,
                    y,
                    frame[GATES_SLOT] + 3 * b * row,
                    h,
                    frame[PREVIOUS_SLOT] + b * row,
                    frame[HIDDEN_SLOT] + b * row);
        }
    }
}
