package io.gatun.simd;

import static io.gatun.simd.SimdLstm.GEMM_SLOT;

import io.gatun.kernel.Kernel;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;

/**
 * LSTM backward: step by step from the last, the fused cell and one product with weightsHh; then one product over all
 * steps for each of diffSrc, diffWeightsIh and diffWeightsHh. The gradients before the activations, [t, b, 4h], are in
 * the scratch memory; diffH0 and diffC0 carry the state's gradient from step to step.
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

    private static final int GATES_SLOT = 23;
    private static final int PREVIOUS_SLOT = 24;
    private static final int CELL_SLOT = 25;
    private static final int DIFF_SLOT = 26;
    private static final int OUT_SLOT = 27;

    private final LstmSpec spec;
    private final Workers workers;
    private final SimdGemm step;
    private final SimdGemm src;
    private final WeightProducts weights;
    private final long gemmBytes;
    private final int rowsPerPiece;
    private final Task cells = this::cells;

    SimdLstmBackward(LstmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        int gates = 4 * spec.h();
        int steps = Math.multiplyExact(spec.t(), spec.b());
        this.step = new SimdGemm(GemmSpec.of(spec.b(), spec.h(), gates), workers, GEMM_SLOT, true);
        this.src = new SimdGemm(GemmSpec.of(steps, spec.i(), gates), workers, GEMM_SLOT, false);
        this.weights = new WeightProducts(spec.t(), spec.b(), spec.i(), spec.h(), gates, workers);
        long bytes = Math.max(step.scratchBytes(), src.scratchBytes());
        this.gemmBytes = SimdLstm.aligned(Math.max(bytes, weights.scratchBytes()));
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
        return gemmBytes + 4 * SimdLstm.gateFloats(spec);
    }

    @Override
    public void execute(long[] frame) {
        long diffGates = frame[SCRATCH] + gemmBytes;
        states(frame, diffGates);
        SimdLstm.operands(frame, diffGates, frame[WEIGHTS_IH], frame[DIFF_SRC], frame[SCRATCH]);
        src.execute(frame);
        weights.input(frame, diffGates, frame[SRC], frame[DIFF_WEIGHTS_IH], frame[SCRATCH]);
        weights.hidden(frame, diffGates, frame[H0], frame[DST], frame[DIFF_WEIGHTS_HH], frame[SCRATCH]);
        weights.bias(frame, diffGates, frame[DIFF_BIAS]);
    }

    /** All steps, last first: the gradients before the activations, and of the states. */
    private void states(long[] frame, long diffGates) {
        long stateBytes = 4L * spec.b() * spec.h();
        Pack.move(frame[DIFF_HN], frame[DIFF_H0], spec.b() * spec.h());
        Pack.move(frame[DIFF_CN], frame[DIFF_C0], spec.b() * spec.h());
        SimdLstm.operands(frame, diffGates, frame[WEIGHTS_HH], frame[DIFF_H0], frame[SCRATCH]);
        step.packB(frame);
        long storedCells = frame[WORKSPACE] + 4 * SimdLstm.gateFloats(spec);
        for (int t = spec.t() - 1; t >= 0; t--) {
            frame[GATES_SLOT] = frame[WORKSPACE] + 4 * t * stateBytes;
            frame[PREVIOUS_SLOT] = t == 0 ? frame[C0] : storedCells + (t - 1) * stateBytes;
            frame[CELL_SLOT] = storedCells + t * stateBytes;
            frame[DIFF_SLOT] = frame[DIFF_DST] + t * stateBytes;
            frame[OUT_SLOT] = diffGates + 4 * t * stateBytes;
            workers.run(Math.ceilDiv(spec.b(), rowsPerPiece), cells, frame);
            SimdLstm.operands(frame, frame[OUT_SLOT], frame[WEIGHTS_HH], frame[DIFF_H0], frame[SCRATCH]);
            step.product(frame);
        }
    }

    private void cells(long[] frame, int piece, int worker) {
        int first = piece * rowsPerPiece;
        long row = 4L * spec.h();
        for (int b = first; b < Math.min(spec.b(), first + rowsPerPiece); b++) {
            LstmCell.backward(
                    frame[GATES_SLOT] + 4 * b * row,
                    spec.h(),
                    frame[PREVIOUS_SLOT] + b * row,
                    frame[CELL_SLOT] + b * row,
                    frame[DIFF_SLOT] + b * row,
                    frame[DIFF_H0] + b * row,
                    frame[DIFF_C0] + b * row,
                    frame[OUT_SLOT] + 4 * b * row);
        }
    }
}
