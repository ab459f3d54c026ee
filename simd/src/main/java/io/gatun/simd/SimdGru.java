package io.gatun.simd;

import static io.gatun.simd.SimdLstm.GEMM_SLOT;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;

/**
 * GRU forward: one product for the inputs of all steps, then for each step the product with the hidden state, whose
 * weights are packed once, and the fused {@link GruCell}. The workspace is gates [t, b, 3h], activated, then the hidden
 * part of n, which the reset gate multiplies, [t, b, h]; without one the gates are in the scratch memory.
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

    private static final int GATES_SLOT = 23;
    private static final int PREVIOUS_SLOT = 24;
    private static final int HIDDEN_SLOT = 25;
    private static final int RESET_SLOT = 26;
    private static final int PRODUCT_SLOT = 27;

    private final GruSpec spec;
    private final Workers workers;
    private final boolean training;
    private final SimdGemm input;
    private final SimdGemm step;
    private final long gemmBytes;
    private final int rowsPerPiece;
    private final Task cells = this::cells;
    private final int scratchSlot;

    private SimdGru(GruSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.training = spec.pass() == Pass.TRAINING;
        int gates = 3 * spec.h();
        int steps = Math.multiplyExact(spec.t(), spec.b());
        this.input = new SimdGemm(
                GemmSpec.of(steps, gates, spec.i(), false, true).withBias(), workers, GEMM_SLOT, false);
        this.step = new SimdGemm(
                GemmSpec.of(spec.b(), gates, spec.h(), false, true).withBias(), workers, GEMM_SLOT, true);
        this.gemmBytes = SimdLstm.aligned(Math.max(input.scratchBytes(), step.scratchBytes()));
        this.rowsPerPiece = Math.ceilDiv(SimdLstm.PIECE_ELEMENTS, spec.h());
        this.scratchSlot = training ? WORKSPACE + 1 : WORKSPACE;
    }

    static Offer offer(GruSpec spec, Workers workers) {
        return Offer.of(
                spec.pass() == Pass.BACKWARD ? new SimdGruBackward(spec, workers) : new SimdGru(spec, workers));
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

    /** What the products need, the product of one step, and the gates if nobody keeps them. */
    @Override
    public long scratchBytes() {
        return gemmBytes + productBytes() + (training ? 0 : 4 * 3 * gateFloats(spec));
    }

    private long productBytes() {
        return SimdLstm.aligned(4L * 3 * spec.b() * spec.h());
    }

    @Override
    public void execute(long[] frame) {
        long stateBytes = 4L * spec.b() * spec.h();
        long scratch = frame[scratchSlot];
        long product = scratch + gemmBytes;
        long gates = training ? frame[WORKSPACE] : product + productBytes();
        operands(frame, frame[SRC], frame[WEIGHTS_IH], frame[BIAS_IH], gates, scratch);
        input.execute(frame);
        operands(frame, frame[H0], frame[WEIGHTS_HH], frame[BIAS_HH], product, scratch);
        step.packB(frame);
        long hidden = frame[H0];
        frame[PRODUCT_SLOT] = product;
        for (int t = 0; t < spec.t(); t++) {
            operands(frame, hidden, frame[WEIGHTS_HH], frame[BIAS_HH], product, scratch);
            step.product(frame);
            frame[PREVIOUS_SLOT] = hidden;
            hidden = frame[DST] + t * stateBytes;
            frame[HIDDEN_SLOT] = hidden;
            frame[GATES_SLOT] = gates + 3 * t * stateBytes;
            frame[RESET_SLOT] = training ? gates + 4 * 3 * gateFloats(spec) + t * stateBytes : 0;
            workers.run(Math.ceilDiv(spec.b(), rowsPerPiece), cells, frame);
        }
        Pack.move(hidden, frame[HN], spec.b() * spec.h());
    }

    /** The frame of a product with a bias. */
    private static void operands(long[] frame, long a, long b, long bias, long c, long scratch) {
        frame[GEMM_SLOT] = a;
        frame[GEMM_SLOT + 1] = b;
        frame[GEMM_SLOT + 2] = bias;
        frame[GEMM_SLOT + 3] = c;
        frame[GEMM_SLOT + 4] = scratch;
    }

    private void cells(long[] frame, int piece, int worker) {
        int h = spec.h();
        int first = piece * rowsPerPiece;
        long row = 4L * h;
        for (int b = first; b < Math.min(spec.b(), first + rowsPerPiece); b++) {
            long product = frame[PRODUCT_SLOT] + 3 * b * row;
            if (training) {
                Pack.move(product + 2 * row, frame[RESET_SLOT] + b * row, h);
            }
            GruCell.forward(
                    frame[GATES_SLOT] + 3 * b * row,
                    h,
                    product,
                    frame[PREVIOUS_SLOT] + b * row,
                    frame[HIDDEN_SLOT] + b * row);
        }
    }
}
