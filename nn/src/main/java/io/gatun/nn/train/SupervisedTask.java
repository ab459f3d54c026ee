package io.gatun.nn.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.data.Batch;
import io.gatun.nn.data.BatchStream;
import io.gatun.nn.data.BatchStream.Position;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Field;
import io.gatun.nn.optim.BatchNormStatistics;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Learning a target from an input, whatever both are: classes from images, numbers from a table's rows. Of each batch
 * the model gets one field, and the loss compares what it gives with another.
 */
public class SupervisedTask implements Task {
    private final Module model;
    private final Loss loss;
    private final DataLoader train;
    private final DataLoader test;
    private final NativeMemory memory;
    private String input;
    private String target;
    private Loss testLoss;
    private String unit = "samples";
    private BatchStream stream;
    private Batch batch;
    private int items;

    /**
     * The input is the data's first field and the target the second; the model must have its memory. The training
     * loader's threads start here.
     *
     * @param loss a mean over the samples of a batch
     * @param train batches to learn from
     * @param test batches to test on, which must come without random numbers
     * @param memory of the batches
     * @throws IllegalArgumentException if the data have fewer than two fields, or {@code test} would be augmented
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room for the batches
     */
    public SupervisedTask(Module model, Loss loss, DataLoader train, DataLoader test, NativeMemory memory) {
        this.model = model;
        this.loss = loss;
        this.testLoss = loss;
        this.train = train;
        this.test = test;
        this.memory = memory;
        if (test.random()) {
            throw new IllegalArgumentException("the test loader was made for training and would augment its data;"
                    + " make it with DataLoader.evaluation");
        }
        fields(nameOf(train, 0), nameOf(train, 1));
        this.stream = train.open(memory);
        model.train();
    }

    private static String nameOf(DataLoader loader, int place) {
        List<Field> fields = loader.fields();
        if (fields.size() < 2) {
            throw new IllegalArgumentException(
                    "learning needs an input and a target, but the data have only " + fields);
        }
        return fields.get(place).name();
    }

    /**
     * Says which fields to learn from and what.
     *
     * @throws IllegalArgumentException if the training or the test data lack one
     */
    public final SupervisedTask fields(String newInput, String newTarget) {
        for (DataLoader loader : List.of(train, test)) {
            for (String name : List.of(newInput, newTarget)) {
                if (loader.fields().stream().noneMatch(field -> field.name().equals(name))) {
                    throw new IllegalArgumentException("the " + (loader == train ? "training" : "test")
                            + " data have no field '" + name + "', they have " + loader.fields());
                }
            }
        }
        input = newInput;
        target = newTarget;
        return this;
    }

    /** Evaluates by another loss: where the training targets are soft (mixup) and the test targets are not. */
    public final SupervisedTask testLoss(Loss newLoss) {
        testLoss = newLoss;
        return this;
    }

    /** Calls the samples something: {@code img}. */
    public final SupervisedTask unit(String name) {
        unit = name;
        return this;
    }

    @Override
    public Parameters parameters() {
        return model.parameters();
    }

    @Override
    public int stepsPerEpoch() {
        return train.batchesPerEpoch();
    }

    @Override
    public void seek(long epoch, int number) {
        Position position = new Position(epoch, number);
        if (!stream.position().equals(position)) {
            // The old one stays if there is no memory for a new one beside it.
            BatchStream sought = train.open(memory, position);
            stream.close();
            stream = sought;
        }
        batch = null;
    }

    @Override
    public long prepare() {
        batch = stream.next();
        items = batch.size();
        // The buffer, whose address is 47 bits and a multiple of 64; whether it is full; what the layers' modes are.
        long buffer = batch.buffer() >>> 6;
        long full = batch.size() == train.batch() ? 1 : 0;
        return (buffer << 1 | full) << 20 | model.modes() & 0xF_FFFF;
    }

    @Override
    public void stepped() {
        batch = null;
    }

    @Override
    public Tensor forward(Tape tape) {
        if (batch == null) {
            prepare();
        }
        Batch taken = batch;
        batch = null;
        return loss.of(model.call(taken.tensor(tape, input)), taken.tensor(tape, target));
    }

    @Override
    public int items() {
        return items;
    }

    @Override
    public String unit() {
        return unit;
    }

    @Override
    public Evaluation evaluate(Tape tape, Predictions predictions) {
        double sum = 0;
        RightAnswers answers = new RightAnswers();
        int seen = 0;
        model.eval();
        try (BatchStream batches = test.open(memory);
                var _ = tape.noGrad()) {
            for (int i = 0; i < test.batchesPerEpoch(); i++) {
                tape.reset(tape.step());
                Batch next = batches.next();
                Tensor prediction = model.call(next.tensor(tape, input));
                Tensor wanted = next.tensor(tape, target);
                sum += testLoss.of(prediction, wanted).item() * (double) next.size();
                answers.add(prediction, wanted);
                predictions.batch(prediction, wanted);
                seen += next.size();
            }
        } finally {
            model.train();
        }
        return new Evaluation(sum / seen, answers.share());
    }

    /** Shows somebody the model in evaluation, without gradients, and the input of the first test batch; changes no state. */
    public final <T> T show(Tape tape, BiFunction<Module, Tensor, T> look) {
        model.eval();
        try (BatchStream batches = test.open(memory);
                var _ = tape.noGrad()) {
            tape.reset(tape.step());
            return look.apply(model, batches.next().tensor(tape, input));
        } finally {
            model.train();
        }
    }

    @Override
    public void refreshStatistics(Tape tape, int batches) {
        try (BatchStream shown = train.open(memory);
                var _ = tape.noGrad()) {
            Batch[] current = {shown.next()};
            int[] number = {0};
            BatchNormStatistics.update(model, Math.min(batches, train.batchesPerEpoch()), wanted -> {
                // The first is asked for twice.
                if (wanted != number[0]) {
                    current[0] = shown.next();
                    number[0] = wanted;
                }
                tape.reset(tape.step());
                model.call(current[0].tensor(tape, input));
            });
        }
    }

    @Override
    public void close() {
        stream.close();
    }
}
