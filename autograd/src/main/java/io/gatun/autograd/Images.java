package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.Pass;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Operations on NHWC images: convolution with OHWI filters, pooling and batch normalization. */
public final class Images {
    private Images() {}

    /** How the window of a convolution moves: strides, padding of each side, dilations, groups of channels. */
    public record Window(int sh, int sw, int ph, int pw, int pb, int pr, int dh, int dw, int groups) {
        /** Stride 1, no padding. */
        public static final Window PLAIN = new Window(1, 0, 1, 1);

        /** The same in both directions. */
        public Window(int stride, int padding, int dilation, int groups) {
            this(stride, stride, padding, padding, padding, padding, dilation, dilation, groups);
        }
    }

    /**
     * dst = activation(conv(src, weights) + bias) for src [n, h, w, ic], weights [oc, kh, kw, ic / groups] and bias [oc]
     * or null; the activation in the same pass where its gradient allows.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Tensor conv2d(Tensor src, Tensor weights, Tensor bias, Window window, Activation activation) {
        if (!activation.kind().usesOutput()) {
            return Activations.inPlaceOf(conv2d(src, weights, bias, window, Activation.IDENTITY), activation);
        }
        Tape tape = Tape.of("conv2d", src, weights, bias);
        image("conv2d", src);
        Shape s = src.shape;
        Shape w = weights.shape;
        if (w.rank() != 4
                || s.dim(3) != w.dim(3) * window.groups
                || (bias != null && bias.shape.elements() != w.dim(0))) {
            throw new IllegalArgumentException("conv2d: src " + s + ", weights " + w
                    + (bias == null ? "" : ", bias " + bias.shape) + " with " + window.groups
                    + " groups do not fit; weights are [oc x kh x kw x ic/groups] for src [n x h x w x ic]");
        }
        ConvSpec spec = Convolutions.spec(s, w.dim(0), w.dim(1), w.dim(2), window, bias != null, activation);
        Shape shape = Shape.of(s.dim(0), spec.oh(), spec.ow(), w.dim(0));
        return Convolutions.run("conv2d", tape, spec, shape, src, weights, bias);
    }

    /** As {@link #conv2d(Tensor, Tensor, Tensor, Window, Activation)}, without an activation. */
    public static Tensor conv2d(Tensor src, Tensor weights, Tensor bias, Window window) {
        return conv2d(src, weights, bias, window, Activation.IDENTITY);
    }

    /** The maximum of each square window. */
    public static Tensor maxPool(Tensor src, int kernel, int stride, int padding) {
        return Pools.max2d(src, Pools.Window.square(kernel, stride, padding));
    }

    /** The mean of each square window, padding counted as zeros (PyTorch's default). */
    public static Tensor avgPool(Tensor src, int kernel, int stride, int padding) {
        return Pools.avg2d(src, Pools.Window.square(kernel, stride, padding), true);
    }

    /** The mean of each plane: [n, h, w, c] to [n, c]. */
    public static Tensor globalAvgPool(Tensor src) {
        return Pools.globalAvg(src);
    }

    /**
     * Statistics and constants of a batch normalization.
     *
     * @param batches int64 scalar that counts the batches in the running statistics, or null
     * @param training whether to normalise by the batch and move the running statistics, or to use those
     */
    public record Norm(
            Tensor gamma,
            Tensor beta,
            Tensor runningMean,
            Tensor runningVar,
            Tensor batches,
            float eps,
            float momentum,
            boolean training) {}

    /**
     * dst = relu(γ (src - mean) / sqrt(var + eps) + β + residual) over all axes but the last, in one pass; the residual
     * may be null and the ReLU left out.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit; in training also if there is only one value
     *     a channel
     */
    public static Tensor batchNorm(Tensor src, Norm norm, Tensor residual, boolean relu) {
        Tape tape = Tape.of("batchNorm", src, residual);
        Views.require("batchNorm", src, DType.F32);
        Tensor gamma = norm.gamma;
        int c = src.shape.rank() == 0 ? 0 : src.shape.last();
        if (src.shape.rank() < 2 || gamma.shape.elements() != c || norm.beta.shape.elements() != c) {
            throw new IllegalArgumentException("batchNorm: src " + src.shape + " and gamma " + gamma.shape
                    + " do not fit; the last axis of src must have as many channels as gamma");
        }
        if (residual != null && !residual.shape.equals(src.shape)) {
            throw new IllegalArgumentException("batchNorm: src " + src.shape + " and residual " + residual.shape
                    + " must have the same shape; project the residual first");
        }
        long rows = src.shape.elements() / c;
        Pass pass = norm.training ? Pass.TRAINING : Pass.INFERENCE;
        BatchNormSpec spec = new BatchNormSpec(pass, rows, c, norm.eps, norm.momentum, residual != null, relu);
        Tensor dst = tape.result(src.shape, "batchNorm");
        List<MemorySegment> run = new ArrayList<>(9);
        run.add(src.data());
        if (residual != null) {
            run.add(residual.data());
        }
        run.addAll(
                List.of(gamma.data(), norm.beta.data(), norm.runningMean.data(), norm.runningVar.data(), dst.memory));
        MemorySegment mean = null;
        MemorySegment invStd = null;
        boolean records = tape.records(src, gamma, norm.beta, residual);
        if (norm.training || records) {
            mean = tape.allocate(4L * c, "mean");
            invStd = tape.allocate(4L * c, "invStd");
        }
        if (norm.training) {
            run.add(mean);
            run.add(invStd);
        } else if (records) {
            MemorySegment means = mean;
            MemorySegment scales = invStd;
            tape.act(() -> running(norm, c, means, scales));
        }
        if (norm.training) {
            tape.moves(norm.runningMean);
            tape.moves(norm.runningVar);
            count(tape, norm.batches);
        }
        MemorySegment[] operands = run.toArray(MemorySegment[]::new);
        tape.run(spec, operands);
        if (norm.training) {
            dst.recipe = again -> again(tape, spec, operands, again);
            tape.act(norm.runningMean::changed);
            tape.act(norm.runningVar::changed);
        }
        return tape.record(new Op.BatchNorm(spec, mean, invStd), dst, src, gamma, norm.beta, residual);
    }

    /** The same results once more: the same kernel on the same input, whose other results go where nobody looks. */
    private static void again(Tape tape, BatchNormSpec spec, MemorySegment[] first, MemorySegment dst) {
        MemorySegment[] operands = first.clone();
        int to = operands.length - 3;
        operands[to] = dst;
        for (int i : new int[] {to - 2, to - 1, to + 1, to + 2}) {
            operands[i] = tape.slab().allocate(4L * spec.c(), "batchNorm again");
        }
        tape.plan(spec).run(operands);
    }

    private static void count(Tape tape, Tensor batches) {
        if (batches != null) {
            tape.moves(batches);
            tape.act(() -> {
                long before = batches.data().get(ValueLayout.JAVA_LONG, 0);
                batches.data().set(ValueLayout.JAVA_LONG, 0, before + 1);
                batches.changed();
            });
        }
    }

    /** Copies for backward, since the running statistics may move before it. */
    private static void running(Norm norm, int c, MemorySegment mean, MemorySegment invStd) {
        for (int i = 0; i < c; i++) {
            float variance = norm.runningVar.data().getAtIndex(ValueLayout.JAVA_FLOAT, i);
            mean.setAtIndex(ValueLayout.JAVA_FLOAT, i, norm.runningMean.data().getAtIndex(ValueLayout.JAVA_FLOAT, i));
            invStd.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (1 / Math.sqrt((double) variance + norm.eps)));
        }
    }

    static void image(String op, Tensor src) {
        Views.require(op, src, DType.F32);
        if (src.shape.rank() != 4) {
            throw new IllegalArgumentException(
                    op + ": src " + src.shape + " is no batch of images; give [n x h x w x c]");
        }
    }
}
