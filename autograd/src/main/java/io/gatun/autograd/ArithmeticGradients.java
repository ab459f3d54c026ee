package io.gatun.autograd;

import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.BinarySpec.Broadcast;
import io.gatun.spec.Dims;
import io.gatun.spec.Direction;
import io.gatun.spec.PowerSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.WhereSpec;
import java.lang.foreign.MemorySegment;

/** The rules of elementwise arithmetic and of reductions. */
final class ArithmeticGradients {
    private ArithmeticGradients() {}

    private static long count(Tensor tensor) {
        return tensor.shape.elements();
    }

    /**
     * dst = a + b: d(a) = d(b) = d(dst). dst = a - b: d(b) = -d(dst). dst = a · b: d(a) = d(dst) · b, d(b) = d(dst) · a.
     * dst = a / b: d(a) = d(dst) / b, d(b) = -d(dst) · dst / b. Where b was broadcast, d(b) is summed over its uses.
     */
    static void binary(Backward to, BinarySpec spec, Tensor a, Tensor b, Tensor out) {
        MemorySegment diff = out.grad;
        if (spec.op() == BinarySpec.Op.MAX || spec.op() == BinarySpec.Op.MIN) {
            extreme(to, spec, a, b, out);
            return;
        }
        boolean additive = spec.op() == BinarySpec.Op.ADD || spec.op() == BinarySpec.Op.SUB;
        if (to.wants(b)) {
            MemorySegment terms = diff;
            if (spec.op() == BinarySpec.Op.MUL) {
                terms = to.temporary(count(out), out.type);
                to.plan(BinarySpec.of(BinarySpec.Op.MUL, count(out)), out.type).run(diff, a.memory(), terms);
            } else if (spec.op() == BinarySpec.Op.DIV) {
                terms = to.temporary(count(out), out.type);
                MemorySegment quotients = to.temporary(count(out), out.type);
                to.plan(spec, out.type).run(out.memory(), b.memory(), quotients);
                to.plan(BinarySpec.of(BinarySpec.Op.MUL, count(out)), out.type).run(diff, quotients, terms);
                to.free(quotients);
            }
            boolean negative = spec.op() == BinarySpec.Op.SUB || spec.op() == BinarySpec.Op.DIV;
            if (terms == diff && !negative && spec.broadcast() == Broadcast.NONE) {
                to.same(b, out);
            } else {
                sumOfUses(to, spec, terms, negative, b);
            }
            if (terms != diff) {
                to.free(terms);
            }
        }
        if (to.wants(a)) {
            if (additive) {
                to.same(a, out);
            } else {
                MemorySegment diffA = to.into(a);
                to.plan(spec, out.type).run(diff, b.memory(), diffA);
                to.wrote(a, diffA);
            }
        }
    }

    /**
     * dst = max(a, b): d(a) = d(dst) · share and d(b) = d(dst) - d(a), with share 1 where a is larger, 1/2 where they are
     * equal and 0 where it is smaller. dst = min(a, b): the other way about.
     */
    private static void extreme(Backward to, BinarySpec spec, Tensor a, Tensor b, Tensor out) {
        long all = count(out);
        MemorySegment share = to.temporary(all, out.type);
        MemorySegment larger = to.temporary(all, out.type);
        to.plan(spec.with(BinarySpec.Op.SHARE), out.type).run(a.memory(), b.memory(), share);
        to.plan(BinarySpec.of(BinarySpec.Op.MUL, all), out.type).run(out.grad, share, larger);
        MemorySegment smaller = share;
        to.plan(BinarySpec.of(BinarySpec.Op.SUB, all), out.type).run(out.grad, larger, smaller);
        boolean max = spec.op() == BinarySpec.Op.MAX;
        if (to.wants(b)) {
            sumOfUses(to, spec, max ? smaller : larger, false, b);
        }
        if (to.wants(a)) {
            MemorySegment diffA = to.into(a);
            to.plan(new AxpbySpec(all, 1, 0), out.type).run(max ? larger : smaller, diffA);
            to.wrote(a, diffA);
        }
        to.free(share);
        to.free(larger);
    }

    private static void sumOfUses(Backward to, BinarySpec spec, MemorySegment terms, boolean negative, Tensor b) {
        float sign = negative ? -1 : 1;
        MemorySegment diffB = to.into(b);
        if (spec.broadcast() == Broadcast.NONE) {
            to.plan(new AxpbySpec(count(b), sign, 0), b.type).run(terms, diffB);
        } else {
            MemorySegment sum = negative ? to.temporary(count(b), b.type) : diffB;
            to.plan(overUses(spec), b.type).run(terms, sum);
            if (negative) {
                to.plan(new AxpbySpec(count(b), -1, 0), b.type).run(sum, diffB);
                to.free(sum);
            }
        }
        to.wrote(b, diffB);
    }

    private static ReduceSpec overUses(BinarySpec spec) {
        Dims matrix = Dims.of(Math.toIntExact(spec.rows()), Math.toIntExact(spec.cols()));
        return switch (spec.broadcast()) {
            case NONE -> throw new AssertionError(spec);
            case ROW -> new ReduceSpec(ReduceSpec.Op.SUM, matrix, Dims.of(0));
            case COLUMN -> new ReduceSpec(ReduceSpec.Op.SUM, matrix, Dims.of(1));
            case SCALAR -> new ReduceSpec(ReduceSpec.Op.SUM, matrix, Dims.of(0, 1));
        };
    }

    /**
     * dst = Σ src over axes: d(src) repeats d(dst) along them; of a mean of n, divided by n; dst = Σ src²:
     * d(src) = 2 src · d(dst), d(dst) repeated likewise.
     */
    static void reduce(Backward to, ReduceSpec spec, Tensor src, MemorySegment diffDst) {
        float factor =
                switch (spec.op()) {
                    case SUM -> 1;
                    case MEAN -> 1f / spec.reduced();
                    case SUM_SQUARES -> 2;
                };
        MemorySegment diffSrc = to.into(src);
        if (spec.op() == ReduceSpec.Op.SUM_SQUARES) {
            MemorySegment repeated = to.temporary(count(src));
            Repeat.along(to, spec, diffDst, factor, repeated);
            to.plan(BinarySpec.of(BinarySpec.Op.MUL, count(src))).run(src.memory(), repeated, diffSrc);
            to.free(repeated);
        } else {
            Repeat.along(to, spec, diffDst, factor, diffSrc);
        }
        to.wrote(src, diffSrc);
    }

    /** dst = mask ? a : b: d(a) = mask ? d(dst) : 0, d(b) = mask ? 0 : d(dst); summed where it is one number for all. */
    static void where(Backward to, WhereSpec spec, Tensor[] in, MemorySegment diffDst) {
        MemorySegment zero = to.zeros(1);
        for (int i = 1; i <= 2; i++) {
            if (!to.wants(in[i])) {
                continue;
            }
            MemorySegment mask = in[0].memory();
            boolean one = i == 1 ? spec.oneA() : spec.oneB();
            MemorySegment diff = to.into(in[i]);
            MemorySegment terms = one ? to.temporary(spec.count()) : diff;
            if (i == 1) {
                to.plan(new WhereSpec(spec.count(), false, true)).run(mask, diffDst, zero, terms);
            } else {
                to.plan(new WhereSpec(spec.count(), true, false)).run(mask, zero, diffDst, terms);
            }
            if (one) {
                to.plan(ReduceSpec.all(ReduceSpec.Op.SUM, Math.toIntExact(spec.count())))
                        .run(terms, diff);
                to.free(terms);
            }
            to.wrote(in[i], diff);
        }
        to.free(zero);
    }

    /** dst = srcᵖ: d(src) = d(dst) · p srcᵖ⁻¹. */
    static void power(Backward to, float exponent, Tensor src, MemorySegment diffDst) {
        MemorySegment diff = to.into(src);
        to.plan(new PowerSpec(Direction.BACKWARD, exponent, count(src))).run(src.memory(), diffDst, diff);
        to.wrote(src, diff);
    }
}
