package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;

/**
 * An LSTM layer: the products of all steps' inputs in one launch, then one launch a step. Backward one launch a step and
 * one more, then the products that give the gradients of the inputs and the weights. The workspace has of each step the
 * activated gates i, f, g, o and the cell state, [t, b, 5h].
 */
public final class Lstm {
    private static final Arg H0 = Arg.operand(1);
    private static final Arg C0 = Arg.operand(2);
    private static final Arg WEIGHTS_IH = Arg.operand(3);
    private static final Arg WEIGHTS_HH = Arg.operand(4);
    private static final int DST = 6;
    private static final Arg NONE = Arg.none();

    private final LstmSpec spec;
    private final Sequence sequence;
    private final int t;
    private final int b;
    private final int h;

    private Lstm(CudaContext context, LstmSpec spec, DType storage) {
        this.spec = spec;
        this.t = spec.t();
        this.b = spec.b();
        this.h = spec.h();
        this.sequence = new Sequence(context, "cuda:lstm", storage, 4, t, b, spec.i(), h);
    }

    public static Offer offer(CudaContext context, LstmSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** With inputs, states and weights in this storage. */
    static Offer offer(CudaContext context, LstmSpec spec, DType storage) {
        String refusal = Sequence.refusal(spec.t(), spec.b());
        if (refusal != null) {
            return Offer.refused(refusal);
        }
        Lstm lstm = new Lstm(context, spec, storage);
        Recipe recipe = spec.pass() == Pass.BACKWARD ? lstm.backward() : lstm.forward();
        return Offer.of(recipe.workspace(spec.pass() == Pass.INFERENCE ? 0 : 4L * spec.t() * spec.b() * 5 * spec.h())
                .build());
    }

    private Recipe forward() {
        long state = sequence.state();
        if ((long) t * b == 0) {
            return sequence.recipe()
                    .copy(H0, Arg.operand(DST + 1), state)
                    .copy(C0, Arg.operand(DST + 2), sequence.floats());
        }
        boolean training = spec.pass() == Pass.TRAINING;
        int stride = training ? 5 * h : 4 * h;
        long scratch = training ? 0 : sequence.reserve(4L * t * b * stride);
        sequence.inputs(
                Arg.operand(0),
                WEIGHTS_IH,
                Arg.operand(5),
                training ? Arg.operand(DST + 3) : Arg.scratch(scratch),
                stride);
        for (int step = 0; step < t; step++) {
            long at = 4L * step * b * stride;
            sequence.step(
                    "gatun_lstm_step",
                    1,
                    step == 0 ? H0 : Arg.operand(DST, (step - 1) * state),
                    WEIGHTS_HH,
                    training ? Arg.operand(DST + 3, at) : Arg.scratch(scratch + at),
                    Arg.i32(stride),
                    step == 0 ? C0 : Arg.operand(DST + 2),
                    Arg.operand(DST + 2),
                    Arg.operand(DST, step * state),
                    step == t - 1 ? Arg.operand(DST + 1) : NONE,
                    Arg.i32(b),
                    Arg.i32(h),
                    Arg.i32(training ? 1 : 0));
        }
        return sequence.recipe();
    }

    private Recipe backward() {
        Arg diffHn = Arg.operand(9);
        Arg diffCn = Arg.operand(10);
        Arg diffH0 = Arg.operand(11);
        Arg diffC0 = Arg.operand(12);
        Arg diffWeightsIh = Arg.operand(13);
        Arg diffWeightsHh = Arg.operand(14);
        Arg diffBias = Arg.operand(15);
        long state = sequence.state();
        long cells = sequence.floats();
        if ((long) t * b == 0) {
            return sequence.recipe()
                    .copy(diffHn, diffH0, state)
                    .copy(diffCn, diffC0, cells)
                    .zero(diffWeightsIh, 4L * 4 * h * spec.i())
                    .zero(diffWeightsHh, 4L * 4 * h * h)
                    .zero(diffBias, 4L * 4 * h);
        }
        long diff = sequence.reserve(4 * t * state);
        long partials = sequence.biasPartials();
        for (int step = t - 1; step >= -1; step--) {
            boolean last = step == t - 1;
            boolean before = step >= 0;
            sequence.step(
                    "gatun_lstm_step_backward",
                    2,
                    last ? NONE : Arg.scratch(diff + 4 * (step + 1) * state),
                    WEIGHTS_HH,
                    before ? Arg.operand(8, step * state) : NONE,
                    before ? Arg.operand(7, 5 * step * cells) : NONE,
                    step > 0 ? Arg.operand(7, 5 * (step - 1) * cells + 4L * 4 * h) : C0,
                    Arg.i32(step > 0 ? 5 * h : h),
                    last ? diffCn : diffC0,
                    diffC0,
                    diffHn,
                    diffH0,
                    before ? Arg.scratch(diff + 4 * step * state) : NONE,
                    Arg.i32(b),
                    Arg.i32(h));
        }
        sequence.diffWeightsIh(diff, Arg.operand(0), diffWeightsIh);
        sequence.diffWeightsHh(diff, H0, Arg.operand(DST), diffWeightsHh);
        sequence.diffBias(diff, partials, diffBias, NONE);
        if (!spec.constantSrc()) {
            sequence.diffSrc(diff, WEIGHTS_IH, Arg.operand(16));
        }
        return sequence.recipe();
    }
}
