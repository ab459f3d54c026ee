package io.gatun.perf.cuda;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.LossRing;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.Places;
import io.gatun.nn.Module;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** A net in training on one backend: the same batches, random numbers and first weights on each. */
final class EmulatedTraining implements AutoCloseable {
    /** Room for ResNet-50's parameters, gradients and momentum, and a step on small images. */
    private static final long BYTES = 1L << 29;

    private final EmulatedNet net;
    private final Kernels kernels;
    private final Parameters parameters;
    private final Optimizer optimizer;
    private final Tape tape;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment input;
    private final MemorySegment targets;
    private final SplittableRandom random = new SplittableRandom(11);
    private final Supplier<Tensor> code;
    private final CapturedStep step;
    private final LossRing losses;

    EmulatedTraining(EmulatedNet net, String backend) {
        this(net, backend, DType.F32);
    }

    /** In mixed precision. */
    EmulatedTraining(EmulatedNet net, String backend, DType precision) {
        this.net = net;
        this.kernels = Kernels.open(backend, 1, new NativeMemory(new MemoryBudget(BYTES), false));
        NativeMemory memory = kernels.memory();
        Module model = net.model();
        this.parameters = model.allocate(memory, 3);
        net.begin(parameters);
        Schedule rate = Schedule.constant(net.rate());
        this.optimizer = net.text()
                ? new AdamW(kernels, memory, parameters, rate, AdamW.Options.DEFAULT).clipNorm(0.5f)
                : new Sgd(kernels, memory, parameters, rate, Sgd.Options.momentum(0.9f));
        this.tape = new Tape(kernels, memory, 0, 9);
        this.losses = new LossRing(memory, 4);
        Shape shape = net.shape();
        this.input = arena.allocate(4 * shape.elements(), 64);
        this.targets = arena.allocate(4L * net.targets(), 64);
        this.code = () -> {
            try (var _ = tape.autocast(precision)) {
                Tensor logits = model.forward(net.text() ? tape.indices(shape, input) : tape.input(shape, input));
                return Losses.crossEntropy(logits, tape.indices(Shape.of(net.targets()), targets));
            }
        };
        this.step = tape.capture(code);
    }

    /** The next batch. */
    private void fill() {
        for (long i = 0; i < net.shape().elements(); i++) {
            if (net.text()) {
                input.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(EmulatedNet.CLASSES));
            } else {
                input.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
            }
        }
        for (int i = 0; i < net.targets(); i++) {
            targets.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(EmulatedNet.CLASSES));
        }
    }

    /** A step built anew. */
    float eager() {
        Tensor loss = backward();
        optimizer.step();
        return loss.item();
    }

    /** The gradients of a batch, by the parameters' names. */
    Map<String, float[]> gradients() {
        backward();
        Map<String, float[]> gradients = new LinkedHashMap<>();
        for (Parameter parameter : parameters.trainable()) {
            gradients.put(parameter.label(), Places.floats(parameter.grad()));
        }
        return gradients;
    }

    private Tensor backward() {
        fill();
        tape.reset(optimizer.steps());
        Tensor loss = code.get();
        loss.backward();
        return loss;
    }

    /** A step repeated in two graphs. */
    float captured() {
        fill();
        float loss = step.forward(optimizer.steps());
        step.backward();
        optimizer.step();
        return loss;
    }

    /** A step in one graph, whose loss is noted and not read. */
    void launched() {
        fill();
        launchedAgain();
    }

    /** The same on the same batch: after one that failed. */
    void launchedAgain() {
        step.train(optimizer.steps(), optimizer.update(), losses);
    }

    float[] noted(int count) {
        return losses.latest(count);
    }

    boolean repeating() {
        return step.repeating();
    }

    Kernels kernels() {
        return kernels;
    }

    float[] values() {
        return Places.floats(parameters.values());
    }

    float[] buffers() {
        return Places.floats(parameters.buffers());
    }

    @Override
    public void close() {
        losses.close();
        tape.close();
        optimizer.close();
        parameters.close();
        kernels.close();
        arena.close();
    }
}
