package io.gatun.perf.step;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.Module;
import io.gatun.nn.optim.Optimizer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Training steps of a net on one random batch: forward, loss, backward, optimizer. For one thread. */
public final class TrainingStep implements AutoCloseable {
    /** Relative, of the first loss and of the one after an update: batch norm over few images magnifies rounding. */
    private static final double[] TOLERANCE = {1e-4, 2e-2};

    private final Net net;
    private final int batch;
    private final Kernels kernels;
    private final Module model;
    private final Optimizer optimizer;
    private final Tape tape;
    private final CapturedStep step;
    private final Shape shape;
    private final MemorySegment input;
    private final MemorySegment targets;

    /** What to close, the last one made first. */
    private final Deque<Runnable> parts = new ArrayDeque<>();

    /**
     * Builds the net, always with the same weights and the same batch.
     *
     * @throws IllegalArgumentException if the batch is empty or there is no such backend
     * @throws io.gatun.memory.NativeMemoryException if the weights do not fit into the memory budget
     */
    public TrainingStep(Net net, String backend, int threads, int batch) {
        if (batch < 1) {
            throw new IllegalArgumentException("a batch of " + batch + " has nothing to train on; give at least 1");
        }
        this.net = net;
        this.batch = batch;
        try {
            kernels = closedAtTheEnd(Kernels.open(backend, threads), Kernels::close);
            NativeMemory memory = kernels.memory();
            model = net.module();
            Parameters parameters = closedAtTheEnd(model.allocate(memory, 1), Parameters::close);
            optimizer = closedAtTheEnd(net.optimizer(kernels, memory, parameters), Optimizer::close);
            tape = closedAtTheEnd(new Tape(kernels, memory), Tape::close);
            step = tape.capture(this::loss);
            ParameterScope scope = closedAtTheEnd(memory.onHost().parameters("batch"), ParameterScope::close);
            shape = net.input(batch);
            input = scope.allocate(4 * shape.elements(), "input");
            targets = scope.allocate(4L * net.targets(batch), "targets");
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        SplittableRandom random = new SplittableRandom(1);
        for (long i = 0; i < shape.elements(); i++) {
            input.setAtIndex(ValueLayout.JAVA_FLOAT, i, 2 * (random.nextInt() >>> 8) * 0x1p-24f - 1);
        }
        for (int i = 0; i < net.targets(batch); i++) {
            targets.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(net.classes()));
        }
    }

    /**
     * Compares the losses of the first steps on a few samples with those of another backend.
     *
     * @throws IllegalStateException if they differ
     */
    public static void check(Net net, String backend, int threads) {
        String other = backend.equals("simd") ? "reference" : "simd";
        int samples = net == Net.LSTM ? 2 : 4;
        double[] losses = losses(net, backend, threads, samples);
        double[] expected = losses(net, other, threads, samples);
        for (int i = 0; i < losses.length; i++) {
            if (!(Math.abs(losses[i] - expected[i]) <= TOLERANCE[i] * Math.abs(expected[i]))) {
                throw new IllegalStateException("step " + i + " of " + net.word() + " has loss " + losses[i] + " on "
                        + backend + " and " + expected[i] + " on " + other);
            }
        }
    }

    private static double[] losses(Net net, String backend, int threads, int samples) {
        double[] losses = new double[TOLERANCE.length];
        try (TrainingStep step = new TrainingStep(net, backend, threads, samples)) {
            for (int i = 0; i < losses.length; i++) {
                losses[i] = step.run();
            }
        }
        return losses;
    }

    /** One step; its loss. */
    public float run() {
        float loss = step.forward(optimizer.steps());
        step.backward();
        optimizer.step();
        return loss;
    }

    private Tensor loss() {
        Tensor logits = model.forward(tape.input(shape, input));
        return Losses.crossEntropy(logits, tape.indices(Shape.of(net.targets(batch)), targets));
    }

    public Net net() {
        return net;
    }

    /** Samples in a step. */
    public int batch() {
        return batch;
    }

    public Kernels kernels() {
        return kernels;
    }

    /** How many numbers are trained. */
    public long parameterCount() {
        return model.parameterCount();
    }

    private <T> T closedAtTheEnd(T part, Consumer<T> close) {
        parts.push(() -> close.accept(part));
        return part;
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            parts.pop().run();
        }
    }
}
