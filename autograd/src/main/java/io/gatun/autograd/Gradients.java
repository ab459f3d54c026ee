package io.gatun.autograd;

import io.gatun.kernel.Plan;
import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.CastSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.Dims;
import io.gatun.spec.Direction;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** All gradient rules. d(x) is the gradient of the loss by x; each rule quotes the forward line it differentiates. */
final class Gradients {
    private Gradients() {}

    static void apply(Backward to, Entry entry) {
        Tensor[] in = entry.inputs;
        Tensor out = entry.outputs[0];
        switch (entry.op) {
            case Op.Cast _ -> {
                // dst = src, rounded: d(src) = d(dst).
                MemorySegment diff = to.into(in[0]);
                to.plan(new CastSpec(out.type, in[0].type, count(out))).run(out.grad, diff);
                to.wrote(in[0], diff);
            }
            case Op.MatMul op -> matMul(to, op.products(), in[0], in[1], out.grad);
            case Op.Linear op -> linear(to, op, in, out);
            case Op.Conv op -> conv(to, op, in, out);
            case Op.ConvTranspose op -> convTranspose(to, op, in, out);
            case Op.Pool op -> pool(to, op.spec().with(Direction.BACKWARD), op.indices(), in[0], out.grad);
            case Op.AdaptivePool op -> pool(to, op.spec().with(Direction.BACKWARD), op.indices(), in[0], out.grad);
            case Op.BatchNorm op when op.spec().pass() == Pass.TRAINING -> NormGradients.batchNorm(to, op, in, out);
            case Op.BatchNorm op -> NormGradients.frozenBatchNorm(to, op, in, out);
            case Op.GroupNorm op -> NormGradients.groupNorm(to, op, in, out);
            case Op.Activate op -> {
                // dst = f(src): d(src) = d(dst) · f'(src), which some f express by dst.
                Tensor saved = op.activation().kind().usesOutput() ? out : in[0];
                MemorySegment diff = to.into(in[0]);
                to.plan(new ActivationSpec(Direction.BACKWARD, op.activation(), count(out)), out.type)
                        .run(saved.memory(), out.grad, diff);
                to.wrote(in[0], diff);
            }
            case Op.PRelu op -> {
                // dst = x if x > 0, else slope · x: d(src) and d(slope) by one kernel.
                MemorySegment diffSrc = to.into(in[0]);
                MemorySegment diffSlope = to.into(in[1]);
                to.plan(op.spec().with(Direction.BACKWARD), out.type)
                        .run(in[0].memory(), in[1].memory(), out.grad, diffSrc, diffSlope);
                to.wrote(in[0], diffSrc);
                to.wrote(in[1], diffSlope);
            }
            case Op.Binary op -> ArithmeticGradients.binary(to, op.spec(), in[0], in[1], out);
            case Op.Scale op -> {
                // dst = factor · x: d(x) = factor · d(dst).
                MemorySegment diff = to.into(in[0]);
                to.plan(new AxpbySpec(count(out), op.factor(), 0), out.type).run(out.grad, diff);
                to.wrote(in[0], diff);
            }
            case Op.Reduce op -> ArithmeticGradients.reduce(to, op.spec(), in[0], out.grad);
            case Op.Permute op -> {
                // dst = permute(src, p): d(src) = permute(d(dst), p⁻¹).
                MemorySegment diff = to.into(in[0]);
                to.plan(inverse(op.spec()), out.type).run(out.grad, diff);
                to.wrote(in[0], diff);
            }
            case Op.View op ->
                // dst = src under another shape.
                to.same(in[0], out);
            case Op.Cut op -> PieceGradients.cut(to, op, in[0], out.grad);
            case Op.Join op -> PieceGradients.join(to, op, in, out.grad);
            case Op.Where op -> ArithmeticGradients.where(to, op.spec(), in, out.grad);
            case Op.Power op -> ArithmeticGradients.power(to, op.exponent(), in[0], out.grad);
            case Op.Expand op -> PieceGradients.expand(to, op, in[0], out.grad);
            case Op.Embedding op -> {
                // dst[i] = table[indices[i]]: d(table)[indices[i]] += d(dst)[i].
                to.plan(op.spec().with(Direction.BACKWARD)).run(in[1].memory(), out.grad, to.sum(in[0]));
            }
            case Op.Dropout op -> {
                // dst = src · mask(rng) / (1 - p): the same kernel on d(dst) draws the same mask.
                MemorySegment diff = to.into(in[0]);
                to.plan(op.spec(), out.type).run(out.grad, op.rng(), diff);
                to.wrote(in[0], diff);
            }
            case Op.Lstm op -> {
                // i,f,o = σ(·), g = tanh(·) of src_t·weightsIhᵀ + h_(t-1)·weightsHhᵀ + bias; c_t = f c_(t-1) + i g;
                // h_t = o tanh(c_t).
                LstmSpec wanted = op.spec().with(Pass.BACKWARD);
                Spec spec = to.wants(in[0]) ? wanted : wanted.withConstantSrc();
                recurrent(to, spec, op.forward(), op.weights(), op.workspace(), in, entry.outputs);
            }
            case Op.Gru op -> {
                // x = src_t·weightsIhᵀ + biasIh, y = h_(t-1)·weightsHhᵀ + biasHh; r,z = σ(x + y), n = tanh(x + r y);
                // h_t = (1 - z) n + z h_(t-1).
                GruSpec wanted = op.spec().with(Pass.BACKWARD);
                Spec spec = to.wants(in[0]) ? wanted : wanted.withConstantSrc();
                recurrent(to, spec, op.forward(), op.weights(), op.workspace(), in, entry.outputs);
            }
            case Op.Rnn op -> {
                // h_t = act(src_t·weightsIhᵀ + biasIh + h_(t-1)·weightsHhᵀ + biasHh).
                RnnSpec wanted = op.spec().with(Pass.BACKWARD);
                Spec spec = to.wants(in[0]) ? wanted : wanted.withConstantSrc();
                recurrent(to, spec, op.forward(), op.weights(), op.workspace(), in, entry.outputs);
            }
            case Op.Softmax op -> {
                // y = softmax(x): d(x) = y (d(y) - Σ d(y) y); y = log softmax(x): d(x) = d(y) - exp(y) Σ d(y).
                MemorySegment diff = to.into(in[0]);
                to.plan(op.spec().with(Direction.BACKWARD)).run(out.memory(), out.grad, diff);
                to.wrote(in[0], diff);
            }
            case Op.Loss op -> LossGradients.apply(to, op, in, out.grad);
        }
    }

    private static long count(Tensor tensor) {
        return tensor.shape.elements();
    }

    /** C = op(A) · op(B): d(A) = d(C) · op(B)ᵀ and d(B) = op(A)ᵀ · d(C), or their transposes; see {@link Products}. */
    private static void matMul(Backward to, Products p, Tensor a, Tensor b, MemorySegment diffC) {
        if (to.wants(a)) {
            MemorySegment first = p.transA() ? b.memory() : diffC;
            product(to, p.gradientA(), first, first == diffC ? b.memory() : diffC, a, p.sharedA());
        }
        if (to.wants(b)) {
            MemorySegment first = p.transB() ? diffC : a.memory();
            product(to, p.gradientB(), first, first == diffC ? a.memory() : diffC, b, p.sharedB());
        }
    }

    /** A factor that the whole batch shares gets the sum of the batch's gradients. */
    private static void product(
            Backward to, GemmSpec spec, MemorySegment left, MemorySegment right, Tensor factor, boolean shared) {
        MemorySegment diff = to.into(factor);
        if (shared) {
            int size = Math.toIntExact(count(factor));
            MemorySegment each = to.temporary((long) spec.batch() * size, factor.type);
            to.plan(spec, factor.type).run(left, right, each);
            to.plan(ReduceSpec.rows(ReduceSpec.Op.SUM, spec.batch(), size), factor.type)
                    .run(each, diff);
            to.free(each);
        } else {
            to.plan(spec, factor.type).run(left, right, diff);
        }
        to.wrote(factor, diff);
    }

    /**
     * dst = act(src · weightsᵀ + bias). With z the argument of act: d(z) = d(dst) · act'; d(src) = d(z) · weights;
     * d(weights) = d(z)ᵀ · src; d(bias) = Σ over rows of d(z).
     */
    private static void linear(Backward to, Op.Linear op, Tensor[] in, Tensor out) {
        MemorySegment diff = beforeActivation(to, op.activation(), out);
        if (to.wants(in[0])) {
            MemorySegment diffSrc = to.into(in[0]);
            to.plan(GemmSpec.of(op.rows(), op.in(), op.out()), out.type)
                    .run(diff, op.lowered().of(in[1]), diffSrc);
            to.wrote(in[0], diffSrc);
        }
        if (to.wants(in[1])) {
            MemorySegment diffWeights = to.intoFloats(in[1]);
            to.wide(GemmSpec.of(op.out(), op.in(), op.rows(), true, false), out.type)
                    .run(diff, in[0].memory(), diffWeights);
            to.wroteFloats(in[1], diffWeights);
        }
        if (to.wants(in[2])) {
            MemorySegment diffBias = to.into(in[2]);
            to.wide(ReduceSpec.rows(ReduceSpec.Op.SUM, op.rows(), op.out()), out.type)
                    .run(diff, diffBias);
            to.wrote(in[2], diffBias);
        }
        to.freeOther(diff, out.grad);
    }

    /** d(z) for dst = act(z): a temporary, or d(dst) itself where there is no activation. */
    static MemorySegment beforeActivation(Backward to, Activation activation, Tensor out) {
        if (activation.kind() == Activation.Kind.IDENTITY) {
            return out.grad;
        }
        MemorySegment diff = to.temporary(count(out), out.type);
        to.plan(new ActivationSpec(Direction.BACKWARD, activation, count(out)), out.type)
                .run(out.memory(), out.grad, diff);
        return diff;
    }

    /**
     * dst = act(conv(src, weights) + bias): d(src) is the convolution's backward data, d(weights) and d(bias) its
     * backward weights, both of d(dst) · act'.
     */
    private static void conv(Backward to, Op.Conv op, Tensor[] in, Tensor out) {
        ConvSpec spec = op.spec();
        MemorySegment diff = beforeActivation(to, spec.activation(), out);
        if (to.wants(in[0])) {
            MemorySegment diffSrc = to.into(in[0]);
            to.plan(spec.with(ConvSpec.Direction.BACKWARD_DATA), out.type)
                    .run(diff, op.lowered().of(in[1]), diffSrc);
            to.wrote(in[0], diffSrc);
        }
        if (to.wants(in[1]) || to.wants(in[2])) {
            Plan weights = to.plan(spec.with(ConvSpec.Direction.BACKWARD_WEIGHTS), out.type);
            MemorySegment diffWeights = to.intoFloats(in[1]);
            if (spec.bias()) {
                MemorySegment diffBias = to.into(in[2]);
                weights.run(in[0].memory(), diff, diffWeights, diffBias);
                to.wrote(in[2], diffBias);
            } else {
                weights.run(in[0].memory(), diff, diffWeights);
            }
            to.wroteFloats(in[1], diffWeights);
        }
        to.freeOther(diff, out.grad);
    }

    /**
     * dst = backward data of a convolution with src as its d(dst): d(src) is that convolution of d(dst), d(weights) its
     * backward weights of d(dst) as its src and src as its d(dst).
     */
    private static void convTranspose(Backward to, Op.ConvTranspose op, Tensor[] in, Tensor out) {
        ConvSpec spec = op.spec();
        if (to.wants(in[0])) {
            MemorySegment diffSrc = to.into(in[0]);
            to.plan(spec, out.type).run(out.grad, op.lowered().of(in[1]), diffSrc);
            to.wrote(in[0], diffSrc);
        }
        if (to.wants(in[1])) {
            MemorySegment diffWeights = to.intoFloats(in[1]);
            to.plan(spec.with(ConvSpec.Direction.BACKWARD_WEIGHTS), out.type)
                    .run(out.grad, in[0].memory(), diffWeights);
            to.wroteFloats(in[1], diffWeights);
        }
    }

    /** dst = max or mean of each window: d(dst) goes to the maximum, or in equal parts to the window. */
    private static void pool(Backward to, Spec spec, MemorySegment indices, Tensor src, MemorySegment diffDst) {
        MemorySegment diffSrc = to.into(src);
        if (indices == null) {
            to.plan(spec, src.type).run(diffDst, diffSrc);
        } else {
            to.plan(spec, src.type).run(diffDst, indices, diffSrc);
        }
        to.wrote(src, diffSrc);
    }

    private static PermuteSpec inverse(PermuteSpec spec) {
        int rank = spec.shape().size();
        int[] dims = new int[rank];
        int[] axes = new int[rank];
        for (int i = 0; i < rank; i++) {
            dims[i] = spec.shape().get(spec.permutation().get(i));
            axes[spec.permutation().get(i)] = i;
        }
        return new PermuteSpec(Dims.of(dims), Dims.of(axes));
    }

    /**
     * Backward through time of a recurrent layer, by the implementation that ran forward. An output that the loss does
     * not depend on has gradient zero. The gradient of the first input comes last, and is left out if nobody wants it.
     */
    private static void recurrent(
            Backward to,
            Spec spec,
            Plan forward,
            Sequences.Recurrent weights,
            MemorySegment workspace,
            Tensor[] in,
            Tensor[] out) {
        List<MemorySegment> run = new ArrayList<>(17);
        weights.operands(in, run);
        run.add(out[0].memory());
        run.add(workspace);
        MemorySegment[] zeros = new MemorySegment[out.length];
        for (int i = 0; i < out.length; i++) {
            if (out[i].grad == null) {
                zeros[i] = to.zeros(out[i]);
            }
            run.add(zeros[i] == null ? out[i].grad : zeros[i]);
        }
        MemorySegment[] diffs = new MemorySegment[in.length];
        for (int i = 1; i < in.length; i++) {
            diffs[i] = to.into(in[i]);
            run.add(diffs[i]);
        }
        if (to.wants(in[0])) {
            diffs[0] = to.into(in[0]);
            run.add(diffs[0]);
        }
        to.plan(MixedSpec.of(spec, out[0].type), forward).run(run.toArray(MemorySegment[]::new));
        for (int i = 0; i < in.length; i++) {
            if (diffs[i] != null) {
                to.wrote(in[i], diffs[i]);
            }
        }
        for (MemorySegment zero : zeros) {
            if (zero != null) {
                to.free(zero);
            }
        }
    }
}
