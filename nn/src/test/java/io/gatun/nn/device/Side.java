package io.gatun.nn.device;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.kernel.StandInDevice;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.nn.CarriedState;
import io.gatun.nn.Module;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** A net in training on the host or on a device that the host's kernels work on: the same bits are asked of both. */
final class Side implements AutoCloseable {
    final Kernels kernels;
    final NativeMemory memory;
    final Module model;
    final Parameters parameters;
    final Optimizer optimizer;
    final Tape tape;
    final CapturedStep step;
    private final ParameterScope batch;
    private final MemorySegment input;
    private final MemorySegment targets;
    private final Shape shape;
    private final CarriedState<LstmState> carried;
    private List<LstmState> last;
    private final DType precision;
    private final SplittableRandom random = new SplittableRandom(11);

    private Side(boolean device, Module model, Shape shape, DType precision) {
        this.precision = precision;
        this.kernels = device ? StandInDevice.open() : Kernels.open("simd", 1);
        this.memory = kernels.memory();
        this.model = model;
        this.parameters = model.allocate(memory, 3);
        this.optimizer =
                new AdamW(kernels, memory, parameters, Schedule.constant(1e-2f), AdamW.Options.DEFAULT).clipNorm(1);
        this.tape = new Tape(kernels, memory, 0, 9);
        this.batch = memory.onHost().parameters("batch");
        this.shape = shape;
        this.input = batch.allocate(4 * shape.elements(), "input");
        this.targets = batch.allocate(4L * count(), "targets");
        this.carried = model instanceof CharLstm lstm ? lstm.carriedState(memory, shape.dim(1)) : null;
        this.step = tape.capture(this::loss);
    }

    static Side of(boolean device, Supplier<Module> model, Shape shape) {
        return of(device, model, shape, DType.F32);
    }

    /** In mixed precision. */
    static Side of(boolean device, Supplier<Module> model, Shape shape, DType precision) {
        return new Side(device, model.get(), shape, precision);
    }

    private int count() {
        return shape.rank() == 2 ? (int) shape.elements() : shape.dim(0);
    }

    private Tensor loss() {
        try (var _ = tape.autocast(precision)) {
            return lossInScope();
        }
    }

    private Tensor lossInScope() {
        Tensor wanted = tape.indices(Shape.of(count()), targets);
        if (model instanceof CharLstm lstm) {
            var result = lstm.call(tape.indices(shape, input), carried.on(tape));
            last = result.states();
            return Losses.crossEntropy(result.logits(), wanted);
        }
        return Losses.crossEntropy(model.call(tape.input(shape, input)), wanted);
    }

    /** How a step is run: built anew, forward and backward repeated, or all of it with the update. */
    enum How {
        EAGER,
        CAPTURED,
        WHOLE
    }

    /** A step on the next batch; its loss. */
    float step(How how) {
        for (long i = 0; i < shape.elements(); i++) {
            if (carried != null) {
                input.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(10));
            } else {
                input.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
            }
        }
        for (int i = 0; i < count(); i++) {
            targets.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(10));
        }
        float loss = run(how);
        if (carried != null) {
            carried.keep(last);
        }
        return loss;
    }

    private float run(How how) {
        if (how == How.WHOLE) {
            step.train(optimizer.steps(), optimizer.update());
            return step.loss().item();
        }
        float loss;
        if (how == How.CAPTURED) {
            loss = step.forward(optimizer.steps());
            step.backward();
        } else {
            tape.reset(optimizer.steps());
            Tensor result = loss();
            loss = result.item();
            result.backward();
        }
        optimizer.step();
        return loss;
    }

    /** All that was learned: values, buffers, counters. */
    List<Float> learned() {
        List<Float> all = new ArrayList<>();
        for (float value : Places.floats(parameters.values())) {
            all.add(value);
        }
        for (Parameter parameter : parameters.named().values()) {
            if (parameter.type() == DType.I64) {
                all.add((float) parameter.data().get(ValueLayout.JAVA_LONG, 0));
            } else if (!parameter.trainable()) {
                for (float value : parameter.toArray()) {
                    all.add(value);
                }
            }
        }
        return all;
    }

    @Override
    public void close() {
        if (carried != null) {
            carried.close();
        }
        batch.close();
        tape.close();
        optimizer.close();
        parameters.close();
        kernels.close();
    }
}
