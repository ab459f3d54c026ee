package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;

/**
 * Plain recurrent layer: {@link ForwardSteps} and {@link BackwardSteps} with the {@link RnnCell}. Backward needs nothing but
 * dst, so the workspace is empty.
 */
final class SimdRnn implements Kernel {
    // Operands beside those of ForwardSteps.
    private static final int WEIGHTS_IH = 2;
    private static final int WEIGHTS_HH = 3;
    private static final int BIAS_IH = 4;
    private static final int BIAS_HH = 5;

    private static final int BIAS_SLOT = ForwardSteps.FREE_SLOT;

    private final RnnSpec spec;
    private final ForwardSteps steps;
    private final UnitBlocks biases;
    private final int scratchSlot;

    private SimdRnn(RnnSpec spec, Workers workers) {
        this.spec = spec;
        this.steps = new ForwardSteps(sizes(spec), this::cell, workers);
        this.biases = new UnitBlocks(1, spec.h());
        this.scratchSlot = ForwardSteps.HN + (spec.pass() == Pass.TRAINING ? 2 : 1);
    }

    static Offer offer(RnnSpec spec, Workers workers) {
        return Offer.of(spec.pass() == Pass.BACKWARD ? new Backward(spec, workers) : new SimdRnn(spec, workers));
    }

    private static LayerSizes sizes(RnnSpec spec) {
        return new LayerSizes(spec.t(), spec.b(), spec.i(), spec.h(), 1);
    }

    @Override
    public String implementation() {
        return "simd:rnn " + Tiles.HERE.name();
    }

    /** What the steps need, and the biases. */
    @Override
    public long scratchBytes() {
        return steps.scratchBytes() + 2 * biases.bytes();
    }

    @Override
    public void execute(long[] frame) {
        long scratch = frame[scratchSlot];
        long bias = scratch + steps.scratchBytes();
        frame[BIAS_SLOT] = bias;
        biases.gather(frame[BIAS_IH], bias);
        biases.gather(frame[BIAS_HH], bias + biases.bytes());
        UnitBlocks.add(bias + biases.bytes(), bias, biases.count);
        steps.run(frame, frame[WEIGHTS_IH], frame[WEIGHTS_HH], scratch);
    }

    private void cell(long[] frame, int t, int block, int row, int rows, long x, long y, long state) {
        RnnCell.forward(spec.activation(), x, y, frame[BIAS_SLOT] + biases.at(block, 0), state, rows);
    }

    private static final class Backward implements Kernel {
        private static final int DIFF_SRC = 15;
        private static final int[] ALL = {0};

        private final RnnSpec spec;
        private final BackwardSteps steps;
        private final int scratchSlot;

        Backward(RnnSpec spec, Workers workers) {
            this.spec = spec;
            this.steps = new BackwardSteps(
                    sizes(spec),
                    new BackwardSteps.Gates(1, ALL, ALL, false),
                    new BackwardSteps.Operands(2, 3, 8, 9, 10, 11, 12, 13, 14, spec.constantSrc() ? 0 : DIFF_SRC),
                    this::cell,
                    workers);
            this.scratchSlot = spec.constantSrc() ? DIFF_SRC : DIFF_SRC + 1;
        }

        @Override
        public String implementation() {
            return "simd:rnn backward " + Tiles.HERE.name();
        }

        @Override
        public long scratchBytes() {
            return steps.scratchBytes();
        }

        @Override
        public void execute(long[] frame) {
            steps.run(frame, frame[scratchSlot]);
        }

        private void cell(
                long[] frame, int t, int block, int row, int rows, long diff, long carried, long out, long spare) {
            long hidden = frame[ForwardSteps.DST] + 4L * ((long) t * spec.b() + row) * spec.h();
            steps.blocks().gather(hidden, block, rows, spare);
            RnnCell.backward(spec.activation(), spare, diff, out, rows);
        }
    }
}
