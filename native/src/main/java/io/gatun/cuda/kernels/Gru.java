package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;

/**
 * A GRU layer, in launches as {@link Lstm}. The workspace has of each step the gates r, z, n and then what r multiplies,
 * [t, b, 4h].
 */
public final class Gru {
    private static final Arg H0 = Arg.operand(1);
    private static final Arg WEIGHTS_IH = Arg.operand(2);
    private static final Arg WEIGHTS_HH = Arg.operand(3);
    private static final int DST = 6;
    private static final Arg NONE = Arg.none();

    private final GruSpec spec;
    private final Sequence sequence;
    private final int t;
    private final int b;
    private final int h;

    private Gru(CudaContext context, GruSpec spec, DType storage) {
        this.spec = spec;
        this.t = spec.t();
        this.b = spec.b();
        this.h = spec.h();
        this.sequence = new Sequence(context, "cuda:gru", storage, 3, t, b, spec.i(), h);
    }

    public static Offer offer(CudaContext context, GruSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** With inputs, states and weights in this storage. */
    static Offer offer(CudaContext context, GruSpec spec, DType storage) {
        String refusal = Sequence.refusal(spec.t(), spec.b());
        if (refusal != null) {
            return Offer.refused(refusal);
        }
        Gru gru = new Gru(context, spec, storage);
        Recipe recipe = spec.pass() == Pass.BACKWARD ? gru.backward() : gru.forward();
        return Offer.of(recipe.workspace(spec.pass() == Pass.INFERENCE ? 0 : 4L * spec.t() * spec.b() * 4 * spec.h())
                .build());
    }

    private Recipe forward() {
        long state = sequence.state();
        if ((long) t * b == 0) {
            return sequence.recipe().copy(H0, Arg.operand(DST + 1), state);
        }
        boolean training = spec.pass() == Pass.TRAINING;
        int stride = training ? 4 * h : 3 * h;
        long scratch = training ? 0 : sequence.reserve(4L * t * b * stride);
        sequence.inputs(
                Arg.operand(0),
                WEIGHTS_IH,
                Arg.operand(4),
                training ? Arg.operand(DST + 2) : Arg.scratch(scratch),
                stride);
        for (int step = 0; step < t; step++) {
            long at = 4L * step * b * stride;
            sequence.step(
                    "gatun_gru_step",
                    1,
                    step == 0 ? H0 : Arg.operand(DST, (step - 1) * state),
                    WEIGHTS_HH,
                    Arg.operand(5),
                    training ? Arg.operand(DST + 2, at) : Arg.scratch(scratch + at),
                    Arg.i32(stride),
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
        Arg diffH0 = Arg.operand(10);
        Arg diffWeightsIh = Arg.operand(11);
        Arg diffWeightsHh = Arg.operand(12);
        Arg diffBiasIh = Arg.operand(13);
        Arg diffBiasHh = Arg.operand(14);
        long state = sequence.state();
        if ((long) t * b == 0) {
            return sequence.recipe()
                    .copy(diffHn, diffH0, state)
                    .zero(diffWeightsIh, 3L * 4 * h * spec.i())
                    .zero(diffWeightsHh, 3L * 4 * h * h)
                    .zero(diffBiasIh, 3L * 4 * h)
                    .zero(diffBiasHh, 3L * 4 * h);
        }
        long diffInputs = sequence.reserve(3 * t * state);
        long diffGates = sequence.reserve(3 * t * state);
        long past = sequence.reserve(sequence.floats());
        long partials = sequence.biasPartials();
        for (int step = t - 1; step >= -1; step--) {
            boolean last = step == t - 1;
            boolean before = step >= 0;
            sequence.step(
                    "gatun_gru_step_backward",
                    2,
                    last ? NONE : Arg.scratch(diffGates + 3 * (step + 1) * state),
                    WEIGHTS_HH,
                    before ? Arg.operand(8, step * state) : NONE,
                    before ? Arg.operand(7, 4 * step * sequence.floats()) : NONE,
                    step > 0 ? Arg.operand(DST, (step - 1) * state) : H0,
                    diffHn,
                    Arg.scratch(past),
                    diffH0,
                    before ? Arg.scratch(diffInputs + 3 * step * state) : NONE,
                    before ? Arg.scratch(diffGates + 3 * step * state) : NONE,
                    Arg.i32(b),
                    Arg.i32(h));
        }
        sequence.diffWeightsIh(diffInputs, Arg.operand(0), diffWeightsIh);
        sequence.diffWeightsHh(diffGates, H0, Arg.operand(DST), diffWeightsHh);
        sequence.diffBias(diffInputs, partials, diffBiasIh, NONE);
        sequence.diffBias(diffGates, partials, diffBiasHh, NONE);
        if (!spec.constantSrc()) {
            sequence.diffSrc(diffInputs, WEIGHTS_IH, Arg.operand(15));
        }
        return sequence.recipe();
    }
}
