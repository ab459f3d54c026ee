package io.gatun.autograd;

import io.gatun.spec.Activation;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.BinarySpec.Broadcast;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.ReduceSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The gradient rules of normalizations. */
final class NormGradients {
    private NormGradients() {}

    /**
     * dst = γ (src - mean) · invStd + β, mean and invStd those of each group of a sample. With x̂ = (src - mean) · invStd and
     * g = γ d(dst): d(γ) = Σ d(dst) x̂; d(β) = Σ d(dst); d(src) = invStd · (g - mean(g) - x̂ mean(g x̂)).
     */
    static void groupNorm(Backward to, Op.GroupNorm op, Tensor[] in, Tensor out) {
        GroupNormSpec spec = op.spec().with(Pass.BACKWARD);
        MemorySegment diffSrc = to.into(in[0]);
        if (spec.affine()) {
            MemorySegment diffGamma = to.into(in[1]);
            MemorySegment diffBeta = to.into(in[2]);
            to.plan(spec, out.type)
                    .run(
                            in[0].memory(),
                            out.grad,
                            in[1].memory(),
                            op.mean(),
                            op.invStd(),
                            diffSrc,
                            diffGamma,
                            diffBeta);
            to.wrote(in[1], diffGamma);
            to.wrote(in[2], diffBeta);
        } else {
            to.plan(spec, out.type).run(in[0].memory(), out.grad, op.mean(), op.invStd(), diffSrc);
        }
        to.wrote(in[0], diffSrc);
    }

    /**
     * dst = relu(γ (src - mean) · invStd + β + residual), mean and invStd those of src. With g = d(dst) where dst &gt; 0
     * and x̂ = (src - mean) · invStd: d(residual) = g; d(β) = Σ g; d(γ) = Σ g x̂;
     * d(src) = γ · invStd · (g - (d(β) + x̂ d(γ)) / rows).
     */
    static void batchNorm(Backward to, Op.BatchNorm op, Tensor[] in, Tensor out) {
        BatchNormSpec spec = op.spec().with(Pass.BACKWARD);
        List<MemorySegment> run = new ArrayList<>(11);
        run.add(in[0].memory());
        if (spec.relu()) {
            run.add(out.memory());
        }
        run.addAll(List.of(out.grad, in[1].memory(), op.mean(), op.invStd()));
        MemorySegment diffSrc = to.into(in[0]);
        run.add(diffSrc);
        MemorySegment diffResidual = spec.residual() ? to.into(in[3]) : null;
        if (diffResidual != null) {
            run.add(diffResidual);
        }
        MemorySegment diffGamma = to.into(in[1]);
        MemorySegment diffBeta = to.into(in[2]);
        run.add(diffGamma);
        run.add(diffBeta);
        to.plan(spec, out.type).run(run.toArray(MemorySegment[]::new));
        to.wrote(in[0], diffSrc);
        if (diffResidual != null) {
            to.wrote(in[3], diffResidual);
        }
        to.wrote(in[1], diffGamma);
        to.wrote(in[2], diffBeta);
    }

    /**
     * dst = relu(γ (src - mean) · invStd + β + residual), mean and invStd constants (the running ones). With
     * g = d(dst) where dst &gt; 0: d(src) = g · γ · invStd; d(β) = Σ g; d(γ) = Σ g (src - mean) · invStd; d(residual) = g.
     */
    static void frozenBatchNorm(Backward to, Op.BatchNorm op, Tensor[] in, Tensor out) {
        long rows = op.spec().rows();
        int c = op.spec().c();
        long all = rows * c;
        BinarySpec multiplyRow = new BinarySpec(BinarySpec.Op.MUL, Broadcast.ROW, rows, c);
        ReduceSpec overRows = ReduceSpec.rows(ReduceSpec.Op.SUM, Math.toIntExact(rows), c);
        MemorySegment before =
                Gradients.beforeActivation(to, op.spec().relu() ? Activation.RELU : Activation.IDENTITY, out);
        MemorySegment diff = to.floats(before, all, out.type);
        if (to.wants(in[0])) {
            MemorySegment factor = to.temporary(c);
            to.plan(BinarySpec.of(BinarySpec.Op.MUL, c)).run(in[1].memory(), op.invStd(), factor);
            MemorySegment diffSrc = to.intoFloats(in[0]);
            to.plan(multiplyRow).run(diff, factor, diffSrc);
            to.wroteFloats(in[0], diffSrc);
            to.free(factor);
        }
        if (to.wants(in[1])) {
            MemorySegment src = to.floats(in[0].memory(), all, in[0].type);
            MemorySegment centred = to.temporary(all);
            MemorySegment terms = to.temporary(all);
            to.plan(new BinarySpec(BinarySpec.Op.SUB, Broadcast.ROW, rows, c)).run(src, op.mean(), centred);
            to.freeOther(src, in[0].memory());
            to.plan(multiplyRow).run(centred, op.invStd(), terms);
            to.plan(BinarySpec.of(BinarySpec.Op.MUL, all)).run(diff, terms, centred);
            MemorySegment diffGamma = to.into(in[1]);
            to.plan(overRows).run(centred, diffGamma);
            to.wrote(in[1], diffGamma);
            to.free(centred);
            to.free(terms);
        }
        if (to.wants(in[2])) {
            MemorySegment diffBeta = to.into(in[2]);
            to.plan(overRows).run(diff, diffBeta);
            to.wrote(in[2], diffBeta);
        }
        if (to.wants(in[3])) {
            MemorySegment diffResidual = to.into(in[3]);
            to.plan(new AxpbySpec(all, 1, 0), out.type).run(before, diffResidual);
            to.wrote(in[3], diffResidual);
        }
        to.freeOther(diff, before);
        to.freeOther(before, out.grad);
    }
}
