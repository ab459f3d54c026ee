package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.RunningMomentsSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Normalizations of single samples: layer, group and instance norm, dst = γ (src - mean) / sqrt(var + eps) + β with the
 * biased variance. They do the same in training and in inference. Batch norm is {@link Images#batchNorm}.
 */
public final class Norms {
    private Norms() {}

    /**
     * Each sample normalised over its last axes, with γ and β for each of their elements (torch.nn.functional.layer_norm).
     *
     * @param normalized the last dimensions of src
     * @param gamma of that shape, or null for 1
     * @param beta of that shape, or null for 0
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Tensor layerNorm(Tensor src, Shape normalized, Tensor gamma, Tensor beta, float eps) {
        int rank = src.shape().rank();
        int[] dims = src.shape().dims();
        boolean fits = normalized.rank() >= 1
                && rank >= normalized.rank()
                && Arrays.equals(Arrays.copyOfRange(dims, rank - normalized.rank(), rank), normalized.dims());
        if (!fits) {
            throw new IllegalArgumentException(
                    "layerNorm: src " + src.shape() + " does not end in the normalized shape " + normalized
                            + "; make the layer for the last axes of its input");
        }
        int cols = Math.toIntExact(normalized.elements());
        requireAffine("layerNorm", src, gamma, beta, cols);
        boolean affine = gamma != null || beta != null;
        long rows = cols == 0 ? 0 : src.shape().elements() / cols;
        return norm("layerNorm", src, GroupNormSpec.layer(Pass.TRAINING, rows, cols, eps, affine), gamma, beta, null);
    }

    /**
     * Of each sample of src [n, …, c] each of {@code groups} groups of neighbouring channels normalised over its channels and
     * all pixels, with γ and β [c] (torch.nn.functional.group_norm). One group for each channel is instance norm.
     *
     * @param gamma [c], or null for 1
     * @param beta [c], or null for 0
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Tensor groupNorm(Tensor src, int groups, Tensor gamma, Tensor beta, float eps) {
        return groupNorm(src, groups, gamma, beta, eps, null);
    }

    /** As {@link #groupNorm(Tensor, int, Tensor, Tensor, float)}, and moves the running statistics if there are any. */
    private static Tensor groupNorm(Tensor src, int groups, Tensor gamma, Tensor beta, float eps, Running running) {
        Shape s = src.shape();
        if (s.rank() < 2 || groups < 1 || s.last() % groups != 0) {
            throw new IllegalArgumentException("groupNorm: src " + s + " cannot be cut into " + groups
                    + " groups of channels; give [n x ... x c] with c divisible by the groups");
        }
        int c = s.last();
        requireAffine("groupNorm", src, gamma, beta, c);
        long pixels = 1;
        for (int i = 1; i < s.rank() - 1; i++) {
            pixels *= s.dim(i);
        }
        boolean affine = gamma != null || beta != null;
        GroupNormSpec spec = new GroupNormSpec(Pass.TRAINING, s.dim(0), pixels, c, groups, eps, affine);
        return norm("groupNorm", src, spec, gamma, beta, running);
    }

    /** Running statistics [c], and the weight that a batch has in them. */
    private record Running(Tensor mean, Tensor variance, float momentum) {}

    /**
     * Each channel of each sample of src [n, …, c] normalised over its pixels (torch.nn.functional.instance_norm). The running
     * statistics move as PyTorch's do, to the mean over the batch of the samples' means and unbiased variances; null for none.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit, or if a sample has one value for a channel
     */
    public static Tensor instanceNorm(
            Tensor src, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVar, float momentum, float eps) {
        Shape s = src.shape();
        if (s.rank() < 3 || (s.elements() > 0 && s.elements() == (long) s.dim(0) * s.last())) {
            throw new IllegalArgumentException("instanceNorm: src " + s
                    + " has one value for each channel of a sample; it needs more, as [n x ... x c]");
        }
        Running running = runningMean == null ? null : new Running(runningMean, runningVar, momentum);
        return groupNorm(src, s.last(), gamma, beta, eps, running);
    }

    private static void requireAffine(String op, Tensor src, Tensor gamma, Tensor beta, int count) {
        Casts.requireFloating(op, src);
        for (Tensor tensor : new Tensor[] {gamma, beta}) {
            if (tensor != null && tensor.shape().elements() != count) {
                throw new IllegalArgumentException(op + ": src " + src.shape() + " needs gamma and beta of " + count
                        + " elements, not " + tensor.shape());
            }
        }
    }

    private static Tensor norm(
            String name, Tensor src, GroupNormSpec training, Tensor gamma, Tensor beta, Running running) {
        Tape tape = Tape.of(name, src, gamma, beta);
        Tensor scale =
                training.affine() && gamma == null ? tape.full(beta.shape(), 1) : Casts.floats(tape, name, gamma);
        Tensor shift = training.affine() && beta == null ? tape.zeros(gamma.shape()) : Casts.floats(tape, name, beta);
        boolean records = tape.records(src, scale, shift);
        boolean keeps = records || running != null;
        GroupNormSpec spec = keeps ? training : training.with(Pass.INFERENCE);
        Tensor dst = tape.result(src.shape(), src.type, name);
        List<MemorySegment> run = new ArrayList<>(6);
        run.add(src.memory());
        if (spec.affine()) {
            run.add(scale.memory());
            run.add(shift.memory());
        }
        run.add(dst.memory);
        MemorySegment mean = null;
        MemorySegment invStd = null;
        if (keeps) {
            mean = tape.allocate(4 * spec.n() * spec.groups(), name + " mean");
            invStd = tape.allocate(4 * spec.n() * spec.groups(), name + " invStd");
            run.add(mean);
            run.add(invStd);
        }
        if (running != null) {
            tape.moves(running.mean);
            tape.moves(running.variance);
        }
        tape.run(spec, src.type, run.toArray(MemorySegment[]::new));
        if (running != null && spec.n() > 0) {
            RunningMomentsSpec move =
                    new RunningMomentsSpec(spec.n(), spec.hw(), spec.c(), running.momentum, spec.eps());
            tape.run(move, mean, invStd, running.mean.memory(), running.variance.memory());
            tape.note(running.mean::changed);
            tape.note(running.variance::changed);
        }
        return tape.record(new Op.GroupNorm(spec, mean, invStd), dst, src, scale, shift);
    }
}
