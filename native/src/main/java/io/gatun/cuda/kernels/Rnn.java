package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.Activation;
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;

/**
 * A plain recurrent layer, in launches as {@link Lstm}. The inputs' part of each state is made where the state will be, and
 * backward needs nothing but the states: the workspace is empty.
 */
public final class Rnn {
    private static final Arg H0 = Arg.operand(1);
    private static final Arg WEIGHTS_IH = Arg.operand(2);
    private static final Arg WEIGHTS_HH = Arg.operand(3);
    private static final int DST = 6;
    private static final Arg NONE = Arg.none();

    private final RnnSpec spec;
    private final Sequence sequence;
    private final int t;
    private final int b;
    private final int h;
    private final Arg relu;

    private Rnn(CudaContext context, RnnSpec spec) {
        this.spec = spec;
        this.t = spec.t();
        this.b = spec.b();
        this.h = spec.h();
        this.sequence = new Sequence(context, "cuda:rnn", 1, t, b, spec.i(), h);
        this.relu = Arg.i32(spec.activation().equals(Activation.RELU) ? 1 : 0);
    }

    public static Offer offer(CudaContext context, RnnSpec spec) {
        String refusal = Sequence.refusal(spec.t(), spec.b());
        if (refusal != null) {
            return Offer.refused(refusal);
        }
        Rnn rnn = new Rnn(context, spec);
        Recipe recipe = spec.pass() == Pass.BACKWARD ? rnn.backward() : rnn.forward();
        return Offer.of(recipe.build());
    }

    private Recipe forward() {
        long state = sequence.state();
        if ((long) t * b == 0) {
            return sequence.recipe().copy(H0, Arg.operand(DST + 1), state);
        }
        sequence.inputs(Arg.operand(0), WEIGHTS_IH, Arg.operand(4), Arg.operand(DST), h);
        for (int step = 0; step < t; step++) {
            sequence.step(
                    "gatun_rnn_step_f32",
                    2,
                    step == 0 ? H0 : Arg.operand(DST, (step - 1) * state),
                    WEIGHTS_HH,
                    Arg.operand(5),
                    Arg.operand(DST, step * state),
                    step == t - 1 ? Arg.operand(DST + 1) : NONE,
                    Arg.i32(b),
                    Arg.i32(h),
                    relu);
        }
        return sequence.recipe();
    }

    private Recipe backward() {
        Arg diffHn = Arg.operand(9);
        Arg diffH0 = Arg.operand(10);
        Arg diffWeightsIh = Arg.operand(11);
        Arg diffWeightsHh = Arg.operand(12);
        Arg diffBiasIh = Arg.operand(13);
        Arg diffBiasHh = Arg.operand(14);
        long state = sequence.state();
        if ((long) t * b == 0) {
            return sequence.recipe()
                    .copy(diffHn, diffH0, state)
                    .zero(diffWeightsIh, 4L * h * spec.i())
                    .zero(diffWeightsHh, 4L * h * h)
                    .zero(diffBiasIh, 4L * h)
                    .zero(diffBiasHh, 4L * h);
        }
        long diff = sequence.reserve((long) t * b * h);
        long partials = sequence.biasPartials();
        for (int step = t - 1; step >= -1; step--) {
            boolean last = step == t - 1;
            boolean before = step >= 0;
            sequence.step(
                    "gatun_rnn_step_backward_f32",
                    2,
                    last ? NONE : Arg.scratch(diff + (step + 1) * state),
                    WEIGHTS_HH,
                    before ? Arg.operand(8, step * state) : NONE,
                    before ? Arg.operand(DST, step * state) : NONE,
                    diffHn,
                    diffH0,
                    before ? Arg.scratch(diff + step * state) : NONE,
                    Arg.i32(b),
                    Arg.i32(h),
                    relu);
        }
        sequence.diffWeightsIh(diff, Arg.operand(0), diffWeightsIh);
        sequence.diffWeightsHh(diff, H0, Arg.operand(DST), diffWeightsHh);
        sequence.diffBias(diff, partials, diffBiasIh, diffBiasHh);
        if (!spec.constantSrc()) {
            sequence.diffSrc(diff, WEIGHTS_IH, Arg.operand(15));
        }
        return sequence.recipe();
    }
}
