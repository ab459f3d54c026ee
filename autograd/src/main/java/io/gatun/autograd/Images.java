package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.memory.Places;
import io.gatun.spec.Activation;
import io.gatun.spec.AverageSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.CropMirrorNormalizeSpec;
import io.gatun.spec.InverseDeviationSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Operations on NHWC images: their bytes as floats, convolution with OHWI filters, pooling and batch normalization. */
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
     * @param gamma or null for 1
     * @param beta or null for 0
     * @param runningMean or null if nothing is kept from batch to batch; inference then normalises by the batch too
     * @param runningVar or null, as the mean
     * @param batches int64 scalar that counts the batches in the running statistics, or null
     * @param momentum weight of a batch in the running statistics, or {@link #CUMULATIVE}
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
            boolean training) {
        /** As momentum: the running statistics are the plain means of those of all batches, which {@code batches} counts. */
        public static final float CUMULATIVE = -1;

        private boolean byBatch() {
            return training || runningMean == null;
        }

        /** Whether the kernel moves the running statistics itself. */
        private boolean moves() {
            return runningMean != null && momentum != CUMULATIVE;
        }
    }

    /**
     * dst = relu(γ (src - mean) / sqrt(var + eps) + β + residual) over all axes but the last, in one pass; the residual
     * may be null and the ReLU left out.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit; in training also if there is only one value
     *     a channel
     */
    public static Tensor batchNorm(Tensor src, Norm norm, Tensor residual, boolean relu) {
        Tape tape = Tape.of("batchNorm", src, residual);
        Casts.requireFloating("batchNorm", src);
        int c = src.shape.rank() == 0 ? 0 : src.shape.last();
        if (src.shape.rank() < 2
                || c == 0
                || norm.gamma != null && norm.gamma.shape.elements() != c
                || norm.beta != null && norm.beta.shape.elements() != c) {
            throw new IllegalArgumentException("batchNorm: src " + src.shape + " and gamma "
                    + (norm.gamma == null ? "1" : norm.gamma.shape)
                    + " do not fit; the last axis of src must have as many channels as gamma");
        }
        if (residual != null && !residual.shape.equals(src.shape)) {
            throw new IllegalArgumentException("batchNorm: src " + src.shape + " and residual " + residual.shape
                    + " must have the same shape; project the residual first");
        }
        if (norm.momentum == Norm.CUMULATIVE && norm.runningMean != null && norm.batches == null) {
            throw new IllegalArgumentException("batchNorm: a cumulative mean needs the counter of batches; give one");
        }
        Tensor gamma = norm.gamma == null ? tape.full(Shape.of(c), 1) : Casts.floats(tape, "batchNorm", norm.gamma);
        Tensor beta = norm.beta == null ? tape.zeros(Shape.of(c)) : Casts.floats(tape, "batchNorm", norm.beta);
        Tensor added = residual == null ? null : Casts.to(tape, "batchNorm", residual, src.type);
        long rows = src.shape.elements() / c;
        boolean byBatch = norm.byBatch();
        Pass pass = byBatch ? Pass.TRAINING : Pass.INFERENCE;
        // Statistics that the kernel does not move it replaces: with weight 1 they are the batch's.
        boolean apart = byBatch && !norm.moves();
        float momentum = apart || norm.momentum == Norm.CUMULATIVE ? 1 : norm.momentum;
        BatchNormSpec spec = new BatchNormSpec(pass, rows, c, norm.eps, momentum, residual != null, relu);
        Tensor dst = tape.result(src.shape, src.type, "batchNorm");
        Tensor batchMean = apart ? tape.zeros(Shape.of(c)) : norm.runningMean;
        Tensor batchVar = apart ? tape.zeros(Shape.of(c)) : norm.runningVar;
        List<MemorySegment> run = new ArrayList<>(9);
        run.add(src.memory());
        if (residual != null) {
            run.add(added.memory());
        }
        run.addAll(List.of(gamma.memory(), beta.memory(), batchMean.memory(), batchVar.memory(), dst.memory));
        MemorySegment mean = null;
        MemorySegment invStd = null;
        boolean records = tape.records(src, gamma, beta, added);
        if (byBatch || records) {
            mean = tape.allocate(4L * c, "mean");
            invStd = tape.allocate(4L * c, "invStd");
        }
        if (byBatch) {
            run.add(mean);
            run.add(invStd);
        } else if (records) {
            running(tape, norm, c, mean, invStd);
        }
        boolean tracks = norm.training && norm.runningMean != null;
        if (tracks) {
            tape.moves(norm.runningMean);
            tape.moves(norm.runningVar);
            count(tape, norm.batches);
        }
        MemorySegment[] operands = run.toArray(MemorySegment[]::new);
        tape.run(spec, src.type, operands);
        if (byBatch) {
            Spec stored = MixedSpec.of(spec, src.type);
            dst.recipe = again -> again(tape, stored, c, operands, again);
        }
        if (tracks) {
            if (apart) {
                average(tape, norm, c, batchMean.memory, batchVar.memory);
            }
            tape.note(norm.runningMean::changed);
            tape.note(norm.runningVar::changed);
        }
        tape.record(new Op.BatchNorm(spec, mean, invStd), dst, src, gamma, beta, added);
        Casts.release(added, residual);
        return dst;
    }

    /** running ← running + (batch - running) / batches, this batch counted. */
    private static void average(Tape tape, Norm norm, int c, MemorySegment means, MemorySegment variances) {
        MemorySegment batches = norm.batches.memory();
        if (!tape.place().holds(batches)) {
            // A repetition would not copy it.
            tape.once();
            batches = tape.allocate(Long.BYTES, "batches");
            Places.copy(norm.batches.memory(), batches);
        }
        tape.run(new AverageSpec(c), means, norm.runningMean.memory(), batches);
        tape.run(new AverageSpec(c), variances, norm.runningVar.memory(), batches);
    }

    /** The same results once more: the same kernel on the same input, whose other results go where nobody looks. */
    private static void again(Tape tape, Spec spec, int c, MemorySegment[] first, MemorySegment dst) {
        MemorySegment[] operands = first.clone();
        int to = operands.length - 3;
        operands[to] = dst;
        for (int i : new int[] {to - 2, to - 1, to + 1, to + 2}) {
            operands[i] = tape.slab().allocate(4L * c, "batchNorm again");
        }
        tape.plan(spec).run(operands);
    }

    private static void count(Tape tape, Tensor batches) {
        if (batches != null) {
            tape.moves(batches);
            tape.note(() -> {
                long before = batches.memory().get(ValueLayout.JAVA_LONG, 0);
                batches.memory().set(ValueLayout.JAVA_LONG, 0, before + 1);
                batches.changed();
            });
        }
    }

    /** mean and 1 / sqrt(var + eps) for backward, of copies, since the running statistics may move before it. */
    private static void running(Tape tape, Norm norm, int c, MemorySegment mean, MemorySegment invStd) {
        tape.run(new AxpbySpec(c, 1, 0), norm.runningMean.memory(), mean);
        tape.run(new InverseDeviationSpec(c, norm.eps), norm.runningVar.memory(), invStd);
    }

    /**
     * Bytes [n, h, w, c] as floats [n, height, width, c], in one pass: of each image the window that begins at {@code top} and
     * {@code left}, mirrored from left to right or not, every byte replaced by the number that {@code table} has for it. Outside
     * its image a window has what stands for byte 0. Without a gradient.
     *
     * @param src unsigned bytes ({@link DType#U8})
     * @param windows 32-bit [n, 3]: top, left, and 0 or, for mirrored, another number; any numbers are possible
     * @param height rows of a window, at least 1
     * @param width columns of a window, at least 1
     * @param table 256 numbers for each channel; with mean m and deviation s, byte b becomes (b / 255 − m) / s
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Tensor cropMirrorNormalize(Tensor src, Tensor windows, int height, int width, float... table) {
        Tape tape = Tape.of("cropMirrorNormalize", src, windows);
        Views.require("cropMirrorNormalize", src, DType.U8);
        Views.require("cropMirrorNormalize", windows, DType.I32);
        Shape s = src.shape;
        if (s.rank() != 4 || !windows.shape.equals(Shape.of(s.dim(0), 3)) || table.length != 256 * s.dim(3)) {
            throw new IllegalArgumentException("cropMirrorNormalize: src " + s + ", windows " + windows.shape
                    + " and a table of " + table.length
                    + " numbers do not fit; windows are [n x 3] and the table has 256 for each channel of src"
                    + " [n x h x w x c]");
        }
        CropMirrorNormalizeSpec spec =
                new CropMirrorNormalizeSpec(s.dim(0), s.dim(1), s.dim(2), s.dim(3), height, width);
        Tensor values = tape.constant(Shape.of(s.dim(3), 256), table);
        Tensor dst = tape.result(Shape.of(s.dim(0), height, width, s.dim(3)), "cropMirrorNormalize");
        tape.run(spec, src.memory(), values.memory(), windows.memory(), dst.memory);
        return dst;
    }

    static void image(String op, Tensor src) {
        Casts.requireFloating(op, src);
        if (src.shape.rank() != 4) {
            throw new IllegalArgumentException(
                    op + ": src " + src.shape + " is no batch of images; give [n x h x w x c]");
        }
    }
}
