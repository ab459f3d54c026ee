package io.gatun.perf.step;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.nn.Module;
import io.gatun.nn.optim.Optimizer;
import io.gatun.perf.bench.Racer;
import java.lang.foreign.Arena;
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

    /** Of 16 bits against floats: PyTorch's autocast is up to 3.4e-4 from its float steps of ResNet-20. */
    private static final double[] TOLERANCE_OF_16_BITS = {5e-3, 5e-2};

    private final Net net;
    private final int batch;
    private final Precision precision;
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

    /** In float. */
    public TrainingStep(Net net, String backend, int threads, int batch) {
        this(net, backend, threads, batch, Precision.F32);
    }

    /**
     * Builds the net, always with the same weights and the same batch.
     *
     * @throws IllegalArgumentException if the batch is empty or there is no such backend
     * @throws io.gatun.memory.NativeMemoryException if the weights do not fit into the memory budget
     */
    public TrainingStep(Net net, String backend, int threads, int batch, Precision precision) {
        if (batch < 1) {
            throw new IllegalArgumentException("a batch of " + batch + " has nothing to train on; give at least 1");
        }
        this.net = net;
        this.batch = batch;
        this.precision = precision;
        try {
            kernels = closedAtTheEnd(Kernels.open(backend, threads), Kernels::close);
            NativeMemory memory = kernels.memory();
            model = net.module();
            Parameters parameters = closedAtTheEnd(model.allocate(memory, 1), Parameters::close);
            optimizer = closedAtTheEnd(net.optimizer(kernels, memory, parameters), Optimizer::close);
            tape = closedAtTheEnd(new Tape(kernels, memory), Tape::close);
            step = tape.capture(this::loss);
            ParameterScope scope = closedAtTheEnd(memory.parameters("batch"), ParameterScope::close);
            shape = net.input(batch);
            input = scope.allocate(4 * shape.elements(), "input");
            targets = scope.allocate(4L * net.targets(batch), "targets");
            fill();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The batch lies where the kernels work, as PyTorch's does when its steps are timed. */
    private void fill() {
        SplittableRandom random = new SplittableRandom(1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment figures = Places.onHost(input, arena);
            for (long i = 0; i < shape.elements(); i++) {
                figures.setAtIndex(ValueLayout.JAVA_FLOAT, i, 2 * (random.nextInt() >>> 8) * 0x1p-24f - 1);
            }
            MemorySegment classes = Places.onHost(targets, arena);
            for (int i = 0; i < net.targets(batch); i++) {
                classes.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(net.classes()));
            }
            if (!kernels.memory().place().isHost()) {
                Places.copy(figures, input);
                Places.copy(classes, targets);
            }
        }
    }

    /** In float. */
    public static void check(Net net, String backend, int threads) {
        check(net, backend, threads, Precision.F32);
    }

    /**
     * Compares the losses of the first steps on a few samples with those of another backend.
     *
     * @throws IllegalStateException if they differ
     */
    public static void check(Net net, String backend, int threads, Precision precision) {
        String other = backend.equals("simd") ? "reference" : "simd";
        int samples = net == Net.LSTM ? 2 : 4;
        double[] tolerance = precision.storage() == DType.F32 ? TOLERANCE : TOLERANCE_OF_16_BITS;
        double[] losses = losses(net, backend, threads, samples, precision);
        double[] expected = losses(net, other, threads, samples, Precision.F32);
        for (int i = 0; i < losses.length; i++) {
            if (!(Math.abs(losses[i] - expected[i]) <= tolerance[i] * Math.abs(expected[i]))) {
                throw new IllegalStateException("step " + i + " of " + net.word() + " has loss " + losses[i] + " on "
                        + backend + " and " + expected[i] + " on " + other);
            }
        }
    }

    private static double[] losses(Net net, String backend, int threads, int samples, Precision precision) {
        double[] losses = new double[TOLERANCE.length];
        try (TrainingStep step = new TrainingStep(net, backend, threads, samples, precision)) {
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

    /** One step whose loss nobody reads: on a device one launch after the first, and nobody waits for it. */
    public void launch() {
        step.train(optimizer.steps(), optimizer.update());
    }

    /** The next step runs kernel by kernel, so that a profile sees them: of a device's graph it would see nothing. */
    public void takeApart() {
        if (!kernels.memory().place().isHost()) {
            step.close();
        }
    }

    /** Waits until what was launched is done. */
    public void finish() {
        kernels.memory().place().synchronize();
    }

    /** What is launched, to be timed in turn with others. */
    public Racer racer(String backend) {
        return new Racer() {
            @Override
            public String name() {
                return backend;
            }

            @Override
            public String implementation() {
                return step.repeating() ? backend + ": a captured step" : backend + ": a step built anew";
            }

            @Override
            public void run() {
                launch();
            }

            @Override
            public void finish() {
                TrainingStep.this.finish();
            }
        };
    }

    private Tensor loss() {
        try (var _ = tape.autocast(precision.storage())) {
            Tensor logits = model.forward(tape.input(shape, input));
            return Losses.crossEntropy(logits, tape.indices(Shape.of(net.targets(batch)), targets));
        }
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
