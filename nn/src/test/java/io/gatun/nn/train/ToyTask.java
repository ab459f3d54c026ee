package io.gatun.nn.train;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToDoubleFunction;

/** Two classes by a linear layer, four batches an epoch, evaluations that are made up; with all that a trainer needs. */
final class ToyTask implements Task {
    static final int BATCHES = 4;
    private static final int ROWS = 3;

    final NativeMemory memory = NativeMemory.standard();
    final Kernels kernels = Kernels.open("simd", 1, memory);
    final Module model = new Linear(2, 2);
    final Parameters parameters = model.allocate(memory, 3);
    final Tape tape = new Tape(kernels, memory, 0, 1);
    final Optimizer optimizer = new AdamW(kernels, memory, parameters, Schedule.constant(0.01f), AdamW.Options.DEFAULT);

    /** The loss of evaluation 0, 1, … */
    IntToDoubleFunction testLoss = epoch -> 1.0 / (epoch + 1);

    /** Batches since the beginning that hold a NaN, or a number whose gradient overflows. */
    List<Long> nan = List.of();

    List<Long> huge = List.of();
    final List<Long> learned = new ArrayList<>();
    private long next;

    @Override
    public Parameters parameters() {
        return parameters;
    }

    @Override
    public int stepsPerEpoch() {
        return BATCHES;
    }

    @Override
    public void seek(long epoch, int batch) {
        next = epoch * BATCHES + batch;
    }

    @Override
    public Tensor forward(Tape onTape) {
        long number = next++;
        learned.add(number);
        Random random = new Random(number);
        float[] x = new float[ROWS * 2];
        int[] labels = new int[ROWS];
        for (int i = 0; i < ROWS; i++) {
            labels[i] = random.nextInt(2);
            x[2 * i] = labels[i] + random.nextFloat();
            x[2 * i + 1] = random.nextFloat();
        }
        if (nan.contains(number)) {
            x[0] = Float.NaN;
        }
        if (huge.contains(number)) {
            // On the way forward some 1e30, on the way back 1e30 * 1e30.
            Tensor small =
                    model.forward(onTape.tensor(Shape.of(1, 2), 1, 1)).sum().scale(1e-30f);
            return small.scale(1e30f).scale(1e30f);
        }
        return Losses.crossEntropy(
                model.forward(onTape.tensor(Shape.of(ROWS, 2), x)), onTape.integers(Shape.of(ROWS), labels));
    }

    @Override
    public int items() {
        return ROWS;
    }

    @Override
    public String unit() {
        return "rows";
    }

    @Override
    public Evaluation evaluate(Tape onTape, Predictions predictions) {
        onTape.reset(onTape.step());
        predictions.batch(onTape.tensor(Shape.of(2, 2), 1, 0, 1, 0), onTape.integers(Shape.of(2), 0, 1));
        int epoch = (int) (next / BATCHES) - 1;
        return new Evaluation(testLoss.applyAsDouble(epoch), 0.5, Map.of("f1_macro", epoch / 10.0));
    }

    Trainer trainer(int epochs) {
        return new Trainer(this, optimizer, tape, epochs);
    }

    float weight() {
        return parameters.get("weight").data().get(ValueLayout.JAVA_FLOAT, 0);
    }

    @Override
    public void close() {
        tape.close();
        optimizer.close();
        parameters.close();
        kernels.close();
    }
}
