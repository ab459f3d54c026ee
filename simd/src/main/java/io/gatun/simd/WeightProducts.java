package io.gatun.simd;

import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GemmSpec;

/**
 * The gradients of a recurrent layer's weights and biases from those of its gates [t, b, gates]: one product over all
 * steps with the inputs, one with the states before each step (h0, then dst but for its last step), and column sums.
 */
final class WeightProducts {
    /** Columns of gates whose sums are one piece: a row of them is 2 KB. */
    private static final int BIAS_COLUMNS = 512;

    // Slots of the frame behind the operands and the scratch of the widest recurrent spec.
    private static final int GEMM_SLOT = StepProducts.FIRST_SLOT;
    private static final int FROM_SLOT = GEMM_SLOT + 4;
    private static final int TO_SLOT = GEMM_SLOT + 5;

    private final int t;
    private final int rows;
    private final int gates;
    private final long firstBytes;
    private final SimdGemm input;
    private final SimdGemm first;
    private final SimdGemm rest;
    private final Workers workers;
    private final Task sums = this::sums;

    WeightProducts(int t, int b, int i, int h, int gates, Workers workers) {
        this.t = t;
        this.rows = Math.multiplyExact(t, b);
        this.gates = gates;
        this.firstBytes = 4L * b * gates;
        this.workers = workers;
        int firstRows = t == 0 ? 0 : b;
        this.input = new SimdGemm(GemmSpec.of(gates, i, rows, true, false), workers, GEMM_SLOT, false);
        this.first = new SimdGemm(GemmSpec.of(gates, h, firstRows, true, false), workers, GEMM_SLOT, false);
        this.rest = new SimdGemm(
                GemmSpec.of(gates, h, rows - firstRows, true, false).scaled(1, 1), workers, GEMM_SLOT, false);
    }

    long scratchBytes() {
        return Math.max(input.scratchBytes(), Math.max(first.scratchBytes(), rest.scratchBytes()));
    }

    /** diffWeights [gates, i] = diffᵀ · src. */
    void input(long[] frame, long diff, long src, long diffWeights, long scratch) {
        operands(frame, diff, src, diffWeights, scratch);
        input.execute(frame);
    }

    /** diffWeights [gates, h] = diffᵀ · states before each step. */
    void hidden(long[] frame, long diff, long h0, long dst, long diffWeights, long scratch) {
        operands(frame, diff, h0, diffWeights, scratch);
        first.execute(frame);
        if (t > 1) {
            operands(frame, diff + firstBytes, dst, diffWeights, scratch);
            rest.execute(frame);
        }
    }

    private static void operands(long[] frame, long a, long b, long c, long scratch) {
        frame[GEMM_SLOT] = a;
        frame[GEMM_SLOT + 1] = b;
        frame[GEMM_SLOT + 2] = c;
        frame[GEMM_SLOT + 3] = scratch;
    }

    /** diffBias [gates] = column sums of diff. */
    void bias(long[] frame, long diff, long diffBias) {
        frame[FROM_SLOT] = diff;
        frame[TO_SLOT] = diffBias;
        workers.run(Math.ceilDiv(gates, BIAS_COLUMNS), sums, frame);
    }

    private void sums(long[] frame, int piece, int worker) {
        int from = piece * BIAS_COLUMNS;
        int columns = Math.min(BIAS_COLUMNS, gates - from);
        long to = frame[TO_SLOT] + 4L * from;
        Pack.zero(to, columns);
        ColumnSums.add(false, frame[FROM_SLOT] + 4L * from, rows, 4L * gates, columns, to);
    }
}
