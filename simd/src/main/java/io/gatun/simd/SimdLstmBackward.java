package io.gatun.simd;

import static io.gatun.simd.StepProducts.FREE_SLOT;

import io.gatun.kernel.Kernel;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.LstmSpec;

/**
 * LSTM backward: step by step from the last, the fused cell and the products with weightsIh and weightsHh; then one
 * product over all steps for the gradient of each of them. The gradients before the activations are in the scratch
 * memory; diffH0 and diffC0 carry the state's gradient from step to step.
 */
final class SimdLstmBackward implements Kernel {
    // Operands.
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int C0 = 2;
    private static final int WEIGHTS_IH = 3;
    private static final int WEIGHTS_HH = 4;
    private static final int DST = 6;
    private static final int WORKSPACE = 7;
    private static final int DIFF_DST = 8;
    private static final int DIFF_HN = 9;
    private static final int DIFF_CN = 10;
    private static final int DIFF_SRC = 11;
    private static final int DIFF_H0 = 12;
    private static final int DIFF_C0 = 13;
    private static final int DIFF_WEIGHTS_IH = 14;
    private static final int DIFF_WEIGHTS_HH = 15;
    private static final int DIFF_BIAS = 16;
    private static final int SCRATCH = 17;

    private static final int GATES_SLOT = FREE_SLOT;
    private static final int PREVIOUS_SLOT = FREE_SLOT + 1;
    private static final int CELL_SLOT = FREE_SLOT + 2;
    private static final int DIFF_SLOT = FREE_SLOT + 3;
    private static final int OUT_SLOT = FREE_SLOT + 4;

    private static final int STRIPS_SLOT = FREE_SLOT + 5;
    private static final int STEP_SLOT = FREE_SLOT + 6;

    private static final int[] ALL = {0, 1, 2, 3};

    private final LstmSpec spec;
    private final Workers workers;
    private final StepProducts products;
    private final WeightProducts weights;
    private final long productBytes;
    private final int rowsPerPiece;
    private final Task cells = this::cells;

    SimdLstmBackward(LstmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        int gates = 4 * spec.h();
        this.products = new StepProducts(
                new PanelProduct(gates, spec.i(), false),
                new PanelProduct(gates, spec.h(), false),
                false,
                spec.b(),
                workers);
        this.weights = new WeightProducts(spec.t(), spec.b(), spec.i(), spec.h(), 4, ALL, ALL, workers);
        this.productBytes = SimdLstm.aligned(Math.max(products.scratchBytes(), weights.scratchBytes()));
        this.rowsPerPiece = Math.ceilDiv(SimdLstm.PIECE_ELEMENTS, spec.h());
    }

    @Override
    public String implementation() {
        return "simd:lstm backward " + Tiles.HERE.name();
    }

    @Override
    public long workspaceBytes() {
        return 4 * (SimdLstm.gateFloats(spec) + SimdLstm.gateFloats(spec) / 4);
    }

    @Override
    public long scratchBytes() {
        return productBytes + stepBytes() + weights.stripsBytes();
    }

    private long stepBytes() {
        return SimdLstm.aligned(4L * 4 * spec.b() * spec.h());
    }

    @Override
    public void execute(long[] frame) {
        long diffGates = frame[SCRATCH] + productBytes;
        long strips = diffGates + stepBytes();
        states(frame, diffGates, strips);
        long scratch = frame[SCRATCH];
        weights.input(frame, strips, frame[SRC], frame[DIFF_WEIGHTS_IH], frame[DIFF_BIAS], scratch);
        weights.hidden(frame, strips, frame[H0], frame[DST], frame[DIFF_WEIGHTS_HH], 0, scratch);
    }

    /** All steps, last first: the gradients before the activations, and of the states. */
    private void states(long[] frame, long diffGates, long strips) {
        long stateBytes = 4L * spec.b() * spec.h();
        frame[OUT_SLOT] = diffGates;
        frame[STRIPS_SLOT] = strips;
        Pack.move(frame[DIFF_HN], frame[DIFF_H0], spec.b() * spec.h());
        Pack.move(frame[DIFF_CN], frame[DIFF_C0], spec.b() * spec.h());
        if (spec.t() > 0) {
            products.pack(frame, frame[WEIGHTS_IH], frame[WEIGHTS_HH], frame[SCRATCH]);
        }
        long storedCells = frame[WORKSPACE] + 4 * SimdLstm.gateFloats(spec);
        for (int t = spec.t() - 1; t >= 0; t--) {
            frame[GATES_SLOT] = frame[WORKSPACE] + 4 * t * stateBytes;
            frame[PREVIOUS_SLOT] = t == 0 ? frame[C0] : storedCells + (t - 1) * stateBytes;
            frame[CELL_SLOT] = storedCells + t * stateBytes;
            frame[DIFF_SLOT] = frame[DIFF_DST] + t * stateBytes;
            frame[STEP_SLOT] = t;
            workers.run(Math.ceilDiv(spec.b(), rowsPerPiece), cells, frame);
            StepProducts.first(frame, diffGates, frame[DIFF_SRC] + 4L * t * spec.b() * spec.i(), 0);
            StepProducts.second(frame, diffGates, frame[DIFF_H0], 0);
            products.run(frame);
        }
    }

    private void cells(long[] frame, int piece, int worker) {
        int first = piece * rowsPerPiece;
        long row = 4L * spec.h();
        for (int b = first; b < Math.min(spec.b(), first + rowsPerPiece); b++) {
            long out = frame[OUT_SLOT] + 4 * b * row;
            LstmCell.backward(
                    frame[GATES_SLOT] + 4 * b * row,
                    spec.h(),
                    frame[PREVIOUS_SLOT] + b * row,
                    frame[CELL_SLOT] + b * row,
                    frame[DIFF_SLOT] + b * row,
                    frame[DIFF_H0] + b * row,
                    frame[DIFF_C0] + b * row,
                    out);
            for (int gate = 0; gate < 4; gate++) {
                weights.keep(frame[STRIPS_SLOT], gate, (int) frame[STEP_SLOT] * spec.b() + b, out + gate * row);
            }
        }
    }
}
