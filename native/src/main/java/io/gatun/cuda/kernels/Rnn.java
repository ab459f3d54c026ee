package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Activation;
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;

/**
 * A plain recurrent layer, in launches as {@link Lstm}. The inputs' part of each state is made where the state will be, or in
 * scratch memory where that is not float, and backward needs nothing but the states: the workspace is empty.
 */
public final class Rnn {
    private static final Arg H0 = Arg.operand(1);
    private static final Arg WEIGHTS_IH = Arg.operand(2);
    private static final Arg WEIGHTS_HH = Arg.operand(3);
    private static final int DST = 6;
    private static final Arg NONE = Arg.none();

    private final RnnSpec spec;
    private final DType storage;
    private final Sequence sequence;
    private final int t;
    private final int b;
    private final int h;
    private final Arg relu;

    private Rnn(CudaContext context, RnnSpec spec, DType storage) {
        this.spec = spec;
        this.t = spec.t();
        this.b = spec.b();
        this.h = spec.h();
        this.storage = storage;
        this.sequence = new Sequence(context, "cuda:rnn", storage, 1, t, b, spec.i(), h);
        this.relu = Arg.i32(spec.activation().equals(Activation.RELU) ? 1 : 0);
    }

    public static Offer offer(CudaContext context, RnnSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** With inputs, states and weights in this storage. */
    static Offer offer(CudaContext context, RnnSpec spec, DType storage) {
        String refusal = Sequence.refusal(spec.t(), spec.b());
        if (refusal != null) {
            return Offer.refused(refusal);
        }
        Rnn rnn = new Rnn(context, spec, storage);
        Recipe recipe = spec.pass() == Pass.BACKWARD ? rnn.backward() : rnn.forward();
        return Offer.of(recipe.build());
    }

    private Recipe forward() {
        long state = sequence.state();
        if ((long) t * b == 0) {
            return sequence.recipe().copy(H0, Arg.operand(DST + 1), state);
        }
        boolean inPlace = storage == DType.F32;
        long scratch = inPlace ? 0 : sequence.reserve(t * sequence.floats());
        sequence.inputs(
                Arg.operand(0), WEIGHTS_IH, Arg.operand(4), inPlace ? Arg.operand(DST) : Arg.scratch(scratch), h);
        for (int step = 0; step < t; step++) {
            sequence.step(
                    "gatun_rnn_step",
                    2,
                    step == 0 ? H0 : Arg.operand(DST, (step - 1) * state),
                    WEIGHTS_HH,
                    Arg.operand(5),
                    inPlace ? Arg.operand(DST, step * state) : Arg.scratch(scratch + step * sequence.floats()),
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
        long diff = sequence.reserve(t * state);
        long partials = sequence.biasPartials();
        for (int step = t - 1; step >= -1; step--) {
            boolean last = step == t - 1;
            boolean before = step >= 0;
            sequence.step(
                    "gatun_rnn_step_backward",
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
