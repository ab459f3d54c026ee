package io.gatun.perf.cuda;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Images.Window;
import io.gatun.autograd.LossRing;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.Places;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.ResidualBlock;
import io.gatun.nn.Sequential;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** A small net in training on one backend: the same batches, random numbers and first weights on each. */
final class EmulatedTraining implements AutoCloseable {
    private final Kernels kernels;
    private final Parameters parameters;
    private final Optimizer optimizer;
    private final Tape tape;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment input;
    private final MemorySegment targets;
    private final Shape shape;
    private final boolean text;
    private final SplittableRandom random = new SplittableRandom(11);
    private final Supplier<Tensor> code;
    private final CapturedStep step;
    private final LossRing losses;

    private EmulatedTraining(String backend, Module model, Shape shape, boolean text) {
        this.kernels = Kernels.open(backend, 1, new NativeMemory(new MemoryBudget(1L << 28), false));
        NativeMemory memory = kernels.memory();
        this.parameters = model.allocate(memory, 3);
        this.optimizer = text
                ? new AdamW(kernels, memory, parameters, Schedule.constant(1e-3f), AdamW.Options.DEFAULT).clipNorm(0.5f)
                : new Sgd(kernels, memory, parameters, Schedule.constant(0.05f), Sgd.Options.momentum(0.9f));
        this.tape = new Tape(kernels, memory, 0, 9);
        this.losses = new LossRing(memory, 4);
        this.shape = shape;
        this.text = text;
        this.input = arena.allocate(4 * shape.elements(), 64);
        this.targets = arena.allocate(4L * targetCount(), 64);
        this.code = () -> {
            Tensor logits = model.forward(text ? tape.indices(shape, input) : tape.input(shape, input));
            return Losses.crossEntropy(logits, tape.indices(Shape.of(targetCount()), targets));
        };
        this.step = tape.capture(code);
    }

    /** What a ResNet is made of, with a dropout. */
    static EmulatedTraining images(String backend) {
        Module net = new Sequential(
                new Conv2d(3, 8, 3, new Window(1, 1, 1, 1), false, Init.kaimingNormal()),
                new BatchNorm2d(8, true),
                new MaxPool2d(2),
                ResidualBlock.bottleneck(8, 4, 2),
                new Dropout(0.2f),
                new GlobalAvgPool(),
                new Linear(16, 16),
                Nonlinearity.gelu(),
                new Linear(16, 10));
        return new EmulatedTraining(backend, net, Shape.of(4, 8, 8, 3), false);
    }

    /** Two LSTM layers of letters, with a dropout between them. */
    static EmulatedTraining text(String backend) {
        return new EmulatedTraining(backend, new CharLstm(10, 12, 16, 2, 0.2f), Shape.of(5, 3), true);
    }

    private int targetCount() {
        return text ? (int) shape.elements() : shape.dim(0);
    }

    /** The next batch. */
    private void fill() {
        for (long i = 0; i < shape.elements(); i++) {
            if (text) {
                input.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(10));
            } else {
                input.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
            }
        }
        for (int i = 0; i < targetCount(); i++) {
            targets.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(10));
        }
    }

    /** A step built anew. */
    float eager() {
        fill();
        tape.reset(optimizer.steps());
        Tensor loss = code.get();
        loss.backward();
        optimizer.step();
        return loss.item();
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
        step.train(optimizer.steps(), optimizer.update());
        losses.note(step.loss());
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
