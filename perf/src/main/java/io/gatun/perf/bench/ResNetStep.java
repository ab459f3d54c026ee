package io.gatun.perf.bench;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** Training steps of ResNet-20 on one random batch. */
public final class ResNetStep implements AutoCloseable {
    private static final int SIZE = 32;
    private static final int CLASSES = 10;

    /** The check's steps differ by rounding alone, which batch norm over few images magnifies. */
    private static final double TOLERANCE = 1e-3;

    private final NativeMemory memory = NativeMemory.standard();
    private final Kernels kernels;
    private final ResNet model = ResNet.resnet20(CLASSES);
    private final Parameters parameters;
    private final Optimizer optimizer;
    private final Tape tape;
    private final ParameterScope scope;
    private final MemorySegment images;
    private final MemorySegment labels;
    private final Shape shape;

    public ResNetStep(String backend, int threads, int batch) {
        kernels = Kernels.open(backend, threads, memory);
        parameters = model.allocate(memory, 1);
        optimizer = new Sgd(kernels, memory, parameters, Schedule.constant(0.01f), Sgd.Options.nesterov(0.9f, 5e-4f));
        tape = new Tape(kernels, memory);
        scope = memory.parameters("batch");
        shape = Shape.of(batch, SIZE, SIZE, 3);
        images = scope.allocate(4 * shape.elements(), "images");
        labels = scope.allocate(4L * batch, "labels");
        SplittableRandom random = new SplittableRandom(1);
        for (long i = 0; i < shape.elements(); i++) {
            images.setAtIndex(ValueLayout.JAVA_FLOAT, i, 2 * (random.nextInt() >>> 8) * 0x1p-24f - 1);
        }
        for (int i = 0; i < batch; i++) {
            labels.setAtIndex(ValueLayout.JAVA_INT, i, i % CLASSES);
        }
    }

    /**
     * Compares the losses of three steps on four images with the reference's.
     *
     * @throws IllegalStateException if they differ
     */
    public static void check(String backend, int threads) {
        try (ResNetStep step = new ResNetStep(backend, threads, 4);
                ResNetStep judge = new ResNetStep("reference", 1, 4)) {
            for (int i = 0; i < 3; i++) {
                float loss = step.run();
                float expected = judge.run();
                if (!(Math.abs(loss - expected) <= TOLERANCE * Math.abs(expected))) {
                    throw new IllegalStateException("step " + i + " of ResNet-20 on " + backend + " has loss " + loss
                            + ", on the reference " + expected);
                }
            }
        }
    }

    /** One step; its loss. */
    public float run() {
        tape.reset();
        Tensor logits = model.forward(tape.input(shape, images));
        Tensor loss = Losses.crossEntropy(logits, tape.indices(Shape.of(shape.dim(0)), labels));
        loss.backward();
        optimizer.step();
        return loss.item();
    }

    @Override
    public void close() {
        tape.close();
        optimizer.close();
        parameters.close();
        scope.close();
        kernels.close();
    }
}
