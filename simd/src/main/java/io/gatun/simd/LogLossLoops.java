package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.spec.LossSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The losses that take an exponential or a logarithm, which need a compilation each ({@link VectorLoop}): one loop after
 * another over a block, with what they hand on in L1. ln(1 + e^x) is 30 instructions, a logarithm 31.
 */
final class LogLossLoops extends LossLoops {
    private final float alpha;
    private final boolean weighted;
    private final LossLoop[] before;
    private final LossLoop terms;
    private final LossLoop[] slopes;

    LogLossLoops(LossSpec spec) {
        super(spec);
        this.alpha = spec.second();
        this.weighted = spec.weighted();
        String name =
                switch (spec.kind()) {
                    case BCE -> "probability";
                    case BCE_WITH_LOGITS -> "logit";
                    case FOCAL -> "focal";
                    case MSLE -> "msle";
                    case SOFT_MARGIN -> "softMargin";
                    case POISSON_NLL -> "poisson";
                    case POISSON_NLL_RATE -> "rate";
                    case KL_DIV -> "divergence";
                    case KL_DIV_LOG -> "logDivergence";
                    default -> throw new AssertionError(spec);
                };
        this.before = switch (spec.kind()) {
            case BCE -> loops("logOfX", "logOfOneMinusX", "restOfMinusX");
            case BCE_WITH_LOGITS -> loops("softplus");
            case FOCAL -> loops("softplus", "missToFourth", "logOfFourth", "powerOfThird");
            case MSLE -> loops("logOfOneAndX", "restOfX", "logOfOneAndT", "restOfT");
            case SOFT_MARGIN -> loops("softplusOfProduct");
            case POISSON_NLL -> loops("expOfX");
            case POISSON_NLL_RATE -> loops("logOfShifted");
            case KL_DIV -> loops("logOfT");
            case KL_DIV_LOG -> loops("expOfT");
            default -> throw new AssertionError(spec);
        };
        this.terms = loop(name + "Terms");
        this.slopes =
                spec.kind() == LossSpec.Kind.FOCAL ? loops("focalRelative", "focalSlopes") : loops(name + "Slopes");
    }

    private LossLoop[] loops(String... names) {
        LossLoop[] loops = new LossLoop[names.length];
        for (int i = 0; i < names.length; i++) {
            loops[i] = loop(names[i]);
        }
        return loops;
    }

    private LossLoop loop(String name) {
        return new LossLoop(MethodHandles.lookup(), this, name);
    }

    @Override
    void run(long x, long t, long space, long terms, long diff, int n) {
        for (LossLoop loop : before) {
            loop.run(x, t, space, terms, diff, n);
        }
        this.terms.run(x, t, space, terms, diff, n);
        if (diff == 0) {
            return;
        }
        for (LossLoop loop : slopes) {
            loop.run(x, t, space, terms, diff, n);
        }
    }

    /** a b, and 0 where a is 0 and b infinite. */
    private static FloatVector times(FloatVector a, FloatVector b) {
        VectorMask<Float> nothing = a.compare(VectorOperators.EQ, 0f).and(b.compare(VectorOperators.EQ, b));
        return a.mul(b).blend(ZERO, nothing);
    }

    private FloatVector weight(long space, long i) {
        return weighted ? load(space + WEIGHTS + i) : ONE;
    }

    private void expOfX(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + FIRST + i, VectorMath.exp(load(x + i)));
        }
    }

    private void expOfT(long x, long t, long space, long terms, long diff, int n) {
        expOfX(t, t, space, terms, diff, n);
    }

    /** e^-|x| and ln(1 + e^-|x|). */
    private void softplus(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector z = VectorMath.exp(load(x + i).abs().neg());
            put(space + FIRST + i, z);
            put(space + SECOND + i, VectorSmoothUnits.logOfOneAnd(z));
        }
    }

    private void softplusOfProduct(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector z = VectorMath.exp(load(t + i).mul(load(x + i)).abs().neg());
            put(space + FIRST + i, z);
            put(space + SECOND + i, VectorSmoothUnits.logOfOneAnd(z));
        }
    }

    private void logOfX(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + FIRST + i, VectorLog.log(load(x + i)));
        }
    }

    private void logOfT(long x, long t, long space, long terms, long diff, int n) {
        logOfX(t, t, space, terms, diff, n);
    }

    private void logOfShifted(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + FIRST + i, VectorLog.log(load(x + i).add(parameter)));
        }
    }

    private void logOfOneAndX(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + FIRST + i, VectorLog.log(load(x + i).add(ONE)));
        }
    }

    private void restOfX(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + FIRST + i, load(space + FIRST + i).add(VectorLog.rest(load(x + i))));
        }
    }

    private void logOfOneAndT(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + SECOND + i, VectorLog.log(load(t + i).add(ONE)));
        }
    }

    private void restOfT(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + SECOND + i, load(space + SECOND + i).add(VectorLog.rest(load(t + i))));
        }
    }

    private void logOfOneMinusX(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + SECOND + i, VectorLog.log(ONE.sub(load(x + i))));
        }
    }

    private void restOfMinusX(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(
                    space + SECOND + i,
                    load(space + SECOND + i).add(VectorLog.rest(load(x + i).neg())));
        }
    }

    /** The probability of being wrong: σ(x) (1 - t) + σ(-x) t, no denormal. */
    private static FloatVector miss(FloatVector x, FloatVector t, FloatVector z) {
        FloatVector other = ONE.sub(t).mul(rising(x, z));
        return other.add(falling(x, z).mul(t)).max(splat(Float.MIN_NORMAL));
    }

    private void missToFourth(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + FOURTH + i, miss(load(x + i), load(t + i), load(space + FIRST + i)));
        }
    }

    private void logOfFourth(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + THIRD + i, VectorLog.log(load(space + FOURTH + i)));
        }
    }

    private void powerOfThird(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(space + THIRD + i, VectorMath.exp(load(space + THIRD + i).mul(parameter)));
        }
    }

    /** σ(x), given z = e^-|x|. */
    private static FloatVector rising(FloatVector x, FloatVector z) {
        return ONE.blend(z, x.compare(VectorOperators.LT, 0f)).div(z.add(ONE));
    }

    /** σ(-x). */
    private static FloatVector falling(FloatVector x, FloatVector z) {
        return ONE.blend(z, x.compare(VectorOperators.GT, 0f)).div(z.add(ONE));
    }

    private void probabilityTerms(long x, long t, long space, long terms, long diff, int n) {
        FloatVector least = splat(-100f);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector target = load(t + i);
            FloatVector no = target.sub(ONE).mul(load(space + SECOND + i).max(least));
            put(terms + i, no.sub(target.mul(load(space + FIRST + i).max(least))));
        }
    }

    private void probabilitySlopes(long x, long t, long space, long terms, long diff, int n) {
        FloatVector least = splat(1e-12f);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector p = load(x + i);
            FloatVector variance = p.mul(ONE.sub(p)).max(least);
            put(diff + i, p.sub(load(t + i)).div(variance.div(scale)));
        }
    }

    private void logitTerms(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector target = load(t + i);
            put(terms + i, binary(load(x + i), target, target.mul(weight(space, i)), load(space + SECOND + i)));
        }
    }

    /** u ln(1 + e^-x) + (1 - t) ln(1 + e^x), given ln(1 + e^-|x|). */
    private static FloatVector binary(FloatVector x, FloatVector t, FloatVector u, FloatVector near) {
        FloatVector yes = times(u, x.neg().max(ZERO).add(near));
        return yes.add(times(ONE.sub(t), x.max(ZERO).add(near)));
    }

    private void logitSlopes(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector logit = load(x + i);
            FloatVector target = load(t + i);
            FloatVector z = load(space + FIRST + i);
            FloatVector yes = weight(space, i).mul(target.mul(scale)).mul(falling(logit, z));
            put(diff + i, ONE.sub(target).mul(scale).mul(rising(logit, z)).sub(yes));
        }
    }

    private FloatVector share(FloatVector t) {
        return alpha == -1 ? ONE : t.mul(alpha).add(ONE.sub(t).mul(1 - alpha));
    }

    /** Keeps the plain loss in place of its logarithm, for the slopes. */
    private void focalTerms(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector target = load(t + i);
            FloatVector plain = binary(load(x + i), target, target, load(space + SECOND + i));
            put(space + SECOND + i, plain);
            put(terms + i, share(target).mul(load(space + THIRD + i)).mul(plain));
        }
    }

    /** The derivative of the miss over itself. */
    private void focalRelative(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector logit = load(x + i);
            FloatVector z = load(space + FIRST + i);
            FloatVector chances = rising(logit, z).mul(falling(logit, z));
            FloatVector change = chances.mul(ONE.sub(load(t + i).mul(2f)));
            put(space + FOURTH + i, change.div(load(space + FOURTH + i)));
        }
    }

    private void focalSlopes(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector logit = load(x + i);
            FloatVector target = load(t + i);
            FloatVector z = load(space + FIRST + i);
            FloatVector outer = times(load(space + FOURTH + i).mul(parameter), load(space + SECOND + i));
            FloatVector plain = ONE.sub(target).mul(rising(logit, z)).sub(target.mul(falling(logit, z)));
            FloatVector factor = share(target).mul(load(space + THIRD + i));
            put(diff + i, factor.mul(outer.add(plain)).mul(scale));
        }
    }

    private void msleTerms(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector d = load(space + FIRST + i).sub(load(space + SECOND + i));
            put(terms + i, d.mul(d));
        }
    }

    private void msleSlopes(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector d = load(space + FIRST + i).sub(load(space + SECOND + i));
            put(diff + i, d.mul(2f).div(load(x + i).add(ONE)).mul(scale));
        }
    }

    private void softMarginTerms(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector m = load(t + i).mul(load(x + i));
            put(terms + i, m.neg().max(ZERO).add(load(space + SECOND + i)));
        }
    }

    private void softMarginSlopes(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector target = load(t + i);
            FloatVector chance = falling(target.mul(load(x + i)), load(space + FIRST + i));
            put(diff + i, target.neg().mul(chance).mul(scale));
        }
    }

    private void poissonTerms(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(terms + i, load(space + FIRST + i).sub(times(load(t + i), load(x + i))));
        }
    }

    private void poissonSlopes(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(diff + i, load(space + FIRST + i).mul(scale).sub(load(t + i).mul(scale)));
        }
    }

    private void rateTerms(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(terms + i, load(x + i).sub(times(load(t + i), load(space + FIRST + i))));
        }
    }

    private void rateSlopes(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector rest = load(t + i).mul(scale).div(load(x + i).add(parameter));
            put(diff + i, splat(scale).sub(rest));
        }
    }

    private void divergenceTerms(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector target = load(t + i);
            FloatVector log = load(x + i);
            VectorMask<Float> nothing =
                    target.compare(VectorOperators.EQ, 0f).and(log.compare(VectorOperators.EQ, log));
            put(terms + i, target.mul(load(space + FIRST + i).sub(log)).blend(ZERO, nothing));
        }
    }

    private void divergenceSlopes(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(diff + i, load(t + i).neg().mul(scale));
        }
    }

    private void logDivergenceTerms(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector target = load(t + i);
            FloatVector log = load(x + i);
            VectorMask<Float> nothing = target.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY)
                    .and(log.compare(VectorOperators.EQ, log));
            put(terms + i, load(space + FIRST + i).mul(target.sub(log)).blend(ZERO, nothing));
        }
    }

    private void logDivergenceSlopes(long x, long t, long space, long terms, long diff, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            put(diff + i, load(space + FIRST + i).neg().mul(scale));
        }
    }
}
