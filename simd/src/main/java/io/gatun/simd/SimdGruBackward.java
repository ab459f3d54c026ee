package io.gatun.simd;

import static io.gatun.simd.StepProducts.FREE_SLOT;

import io.gatun.kernel.Kernel;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GruSpec;

/**
 * GRU backward: step by step from the last, the fused cell and the products with weightsIh and weightsHh; then one
 * product over all steps for the gradient of each of them. The gradients before the activations are in the scratch
 * memory: those of the inputs' part, 3h a row, and those of the state's part, which differ in the third that the reset
 * gate scales. diffH0 carries the state's gradient from step to step.
 */
final class SimdGruBackward implements Kernel {
    // Operands.
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int WEIGHTS_IH = 2;
    private static final int WEIGHTS_HH = 3;
    private static final int DST = 6;
    private static final int WORKSPACE = 7;
    private static final int DIFF_DST = 8;
    private static final int DIFF_HN = 9;
    private static final int DIFF_SRC = 10;
    private static final int DIFF_H0 = 11;
    private static final int DIFF_WEIGHTS_IH = 12;
    private static final int DIFF_WEIGHTS_HH = 13;
    private static final int DIFF_BIAS_IH = 14;
    private static final int DIFF_BIAS_HH = 15;
    private static final int SCRATCH = 16;

    private static final int GATES_SLOT = FREE_SLOT;
    private static final int PREVIOUS_SLOT = FREE_SLOT + 1;
    private static final int RESET_SLOT = FREE_SLOT + 2;
    private static final int DIFF_SLOT = FREE_SLOT + 3;
    private static final int OUT_X_SLOT = FREE_SLOT + 4;
    private static final int OUT_Y_SLOT = FREE_SLOT + 5;

    private static final int STEP_SLOT = FREE_SLOT + 6;

    // Kept are the gradients of r, z, the inputs' part of n and its hidden part.
    private static final int[] OF_INPUT = {0, 1, 2};
    private static final int[] OF_HIDDEN = {0, 1, 3};

    private final GruSpec spec;
    private final Workers workers;
    private final StepProducts products;
    private final WeightProducts weights;
    private final long productBytes;
    private final int rowsPerPiece;
    private final Task cells = this::cells;

    SimdGruBackward(GruSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        int gates = 3 * spec.h();
        this.products = new StepProducts(
                new PanelProduct(gates, spec.i(), false),
                new PanelProduct(gates, spec.h(), false),
                true,
                spec.b(),
                workers);
        this.weights = new WeightProducts(spec.t(), spec.b(), spec.i(), spec.h(), 4, OF_INPUT, OF_HIDDEN, workers);
        this.productBytes = SimdLstm.aligned(Math.max(products.scratchBytes(), weights.scratchBytes()));
        this.rowsPerPiece = Math.ceilDiv(SimdLstm.PIECE_ELEMENTS, spec.h());
    }

    @Override
    public String implementation() {
        return "simd:gru backward " + Tiles.HERE.name();
    }

    @Override
    public long workspaceBytes() {
        return 4 * 4 * SimdGru.gateFloats(spec);
    }

    @Override
    public long scratchBytes() {
        return productBytes + 2 * diffBytes() + weights.stripsBytes();
    }

    private long diffBytes() {
        return SimdLstm.aligned(4L * 3 * spec.b() * spec.h());
    }

    @Override
    public void execute(long[] frame) {
        long scratch = frame[SCRATCH];
        long diffX = scratch + productBytes;
        long diffY = diffX + diffBytes();
        states(frame, diffX, diffY);
        long strips = diffY + diffBytes();
        weights.input(frame, strips, frame[SRC], frame[DIFF_WEIGHTS_IH], frame[DIFF_BIAS_IH], scratch);
        weights.hidden(frame, strips, frame[H0], frame[DST], frame[DIFF_WEIGHTS_HH], frame[DIFF_BIAS_HH], scratch);
    }

    /** All steps, last first: the gradients before the activations, and of the state. */
    private void states(long[] frame, long diffX, long diffY) {
        long stateBytes = 4L * spec.b() * spec.h();
        frame[OUT_X_SLOT] = diffX;
        frame[OUT_Y_SLOT] = diffY;
        Pack.move(frame[DIFF_HN], frame[DIFF_H0], spec.b() * spec.h());
        if (spec.t() > 0) {
            products.pack(frame, frame[WEIGHTS_IH], frame[WEIGHTS_HH], frame[SCRATCH]);
        }
        long resets = frame[WORKSPACE] + 4 * 3 * SimdGru.gateFloats(spec);
        for (int t = spec.t() - 1; t >= 0; t--) {
            frame[GATES_SLOT] = frame[WORKSPACE] + 3 * t * stateBytes;
            frame[PREVIOUS_SLOT] = t == 0 ? frame[H0] : frame[DST] + (t - 1) * stateBytes;
            frame[RESET_SLOT] = resets + t * stateBytes;
            frame[DIFF_SLOT] = frame[DIFF_DST] + t * stateBytes;
            frame[STEP_SLOT] = t;
            workers.run(Math.ceilDiv(spec.b(), rowsPerPiece), cells, frame);
            StepProducts.first(frame, diffX, frame[DIFF_SRC] + 4L * t * spec.b() * spec.i(), 0);
            StepProducts.second(frame, diffY, frame[DIFF_H0], 0);
            products.run(frame);
        }
    }

    private void cells(long[] frame, int piece, int worker) {
        int first = piece * rowsPerPiece;
        long row = 4L * spec.h();
        for (int b = first; b < Math.min(spec.b(), first + rowsPerPiece); b++) {
            long x = frame[OUT_X_SLOT] + 3 * b * row;
            long y = frame[OUT_Y_SLOT] + 3 * b * row;
            GruCell.backward(
                    frame[GATES_SLOT] + 3 * b * row,
                    spec.h(),
                    frame[RESET_SLOT] + b * row,
                    frame[PREVIOUS_SLOT] + b * row,
                    frame[DIFF_SLOT] + b * row,
                    frame[DIFF_H0] + b * row,
                    x,
                    y);
            long strips = frame[OUT_Y_SLOT] + diffBytes();
            int step = (int) frame[STEP_SLOT] * spec.b() + b;
            for (int gate = 0; gate < 3; gate++) {
                weights.keep(strips, gate, step, x + gate * row);
            }
            weights.keep(strips, 3, step, y + 2 * row);
        }
    }
}
