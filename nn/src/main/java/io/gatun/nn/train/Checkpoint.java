package io.gatun.nn.train;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.memory.Places;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.optim.Optimizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything a run needs to go on as if it had never stopped: parameters and buffers by their names, optimizer state,
 * the task's and the callbacks' state, the number of steps done, which the schedule follows from, and the number of
 * batches done, which the place in the data, the shuffle and the random numbers follow from.
 */
final class Checkpoint {
    private static final String STEPS = "steps";
    private static final String SCHEDULE = "schedule";
    private static final String STEPS_PER_EPOCH = "steps_per_epoch";
    private static final String BATCHES = "batches";
    private static final String ACCUMULATE = "accumulate";
    private static final String PENALTY = "penalty";
    private static final String SKIPPED = "skipped";
    private static final String EPOCH_LOSS = "epoch_loss_sum";
    private static final String EPOCH_COUNT = "epoch_loss_count";

    /**
     * Where a trainer is.
     *
     * @param batches learned from or skipped since the very beginning
     * @param lossSum of the current epoch's {@code losses} batches; 0 at its end
     */
    record Place(long batches, long skipped, double lossSum, int losses, Step.Options options) {}

    private Checkpoint() {}

    static void save(
            Path file, Task task, Optimizer optimizer, List<Callback> callbacks, Place place, Map<String, String> facts)
            throws IOException {
        List<NamedTensor> tensors = new ArrayList<>(parameters(task.parameters()));
        tensors.addAll(optimizer.save());
        tensors.addAll(task.state());
        callbacks.forEach(callback -> tensors.addAll(callback.state()));
        Map<String, String> metadata = new TreeMap<>(facts);
        metadata.put(STEPS, Long.toString(optimizer.steps()));
        metadata.put(BATCHES, Long.toString(place.batches));
        metadata.put(ACCUMULATE, Integer.toString(place.options.accumulate()));
        metadata.put(PENALTY, place.options.penaltyOrNone());
        metadata.put(SKIPPED, Long.toString(place.skipped));
        metadata.put(EPOCH_LOSS, Double.toString(place.lossSum));
        metadata.put(EPOCH_COUNT, Integer.toString(place.losses));
        metadata.put(STEPS_PER_EPOCH, Integer.toString(task.stepsPerEpoch()));
        metadata.put(SCHEDULE, optimizer.schedule().toString());
        CheckpointFile.write(file, tensors, metadata);
    }

    /**
     * Brings the task, the optimizer and the callbacks to where they were.
     *
     * @throws IllegalArgumentException if the checkpoint is of another model, schedule or batch size; nothing has changed
     *     then
     */
    static Place restore(
            CheckpointFile.Content content,
            Task task,
            Optimizer optimizer,
            List<Callback> callbacks,
            Step.Options options) {
        same(content, SCHEDULE, optimizer.schedule().toString());
        same(content, STEPS_PER_EPOCH, Integer.toString(task.stepsPerEpoch()));
        same(content, ACCUMULATE, Integer.toString(options.accumulate()));
        same(content, PENALTY, options.penaltyOrNone());
        long steps = Long.parseLong(fact(content, STEPS));
        Place place = new Place(
                Long.parseLong(fact(content, BATCHES)),
                Long.parseLong(fact(content, SKIPPED)),
                Double.parseDouble(fact(content, EPOCH_LOSS)),
                Integer.parseInt(fact(content, EPOCH_COUNT)),
                options);
        List<NamedTensor> needed = new ArrayList<>(parameters(task.parameters()));
        needed.addAll(optimizer.save());
        needed.addAll(task.state());
        callbacks.forEach(callback -> needed.addAll(callback.state()));
        for (NamedTensor tensor : needed) {
            NamedTensor saved = content.tensor(tensor.name());
            if (saved.type() != tensor.type() || !Arrays.equals(saved.shape(), tensor.shape())) {
                throw new IllegalArgumentException(
                        content.file() + " holds " + saved + ", this training needs " + tensor);
            }
        }
        MemorySegment values = task.parameters().values();
        // Between the parameters too: steps on numbers that were not finite leave NaN there.
        task.parameters().place().fill(values, (byte) 0);
        for (NamedTensor parameter : parameters(task.parameters())) {
            Places.copy(content.tensor(parameter.name()).data(), parameter.data());
        }
        task.parameters().changed();
        optimizer.load(content::tensor, steps);
        task.load(content::tensor);
        callbacks.forEach(callback -> callback.load(content::tensor));
        task.seek(place.batches / task.stepsPerEpoch(), (int) (place.batches % task.stepsPerEpoch()));
        return place;
    }

    private static void same(CheckpointFile.Content content, String key, String now) {
        String then = fact(content, key);
        if (!then.equals(now)) {
            throw new IllegalArgumentException(content.file() + " was written by a run with " + key + " '" + then
                    + "', not '" + now + "'; resume with the options it was started with");
        }
    }

    private static String fact(CheckpointFile.Content content, String key) {
        String value = content.metadata().get(key);
        if (value == null) {
            throw new IllegalArgumentException(content.file() + " has no '" + key + "': it is no training checkpoint");
        }
        return value;
    }

    /** Each parameter and buffer once, under its first name. */
    private static List<NamedTensor> parameters(Parameters parameters) {
        List<NamedTensor> tensors = new ArrayList<>();
        parameters.named().forEach((path, parameter) -> {
            if (path.equals(parameter.label())) {
                tensors.add(new NamedTensor(path, type(parameter), shape(parameter), parameter.memory()));
            }
        });
        return tensors;
    }

    private static TensorType type(Parameter parameter) {
        return TensorType.valueOf(parameter.type().name());
    }

    private static long[] shape(Parameter parameter) {
        return Arrays.stream(parameter.shape().dims()).asLongStream().toArray();
    }
}
