package io.gatun.nn.train;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything a run needs to go on as if it had never stopped: parameters and buffers by their names, optimizer state,
 * the task's state, and the number of steps done, which the place in the data, the shuffle, the schedule and the random
 * numbers follow from.
 */
final class Checkpoint {
    private static final String STEPS = "steps";
    private static final String SCHEDULE = "schedule";
    private static final String STEPS_PER_EPOCH = "steps_per_epoch";

    private Checkpoint() {}

    static void save(Path file, Task task, Optimizer optimizer, Map<String, String> facts) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>(parameters(task.parameters()));
        tensors.addAll(optimizer.save());
        tensors.addAll(task.state());
        Map<String, String> metadata = new TreeMap<>(facts);
        metadata.put(STEPS, Long.toString(optimizer.steps()));
        metadata.put(STEPS_PER_EPOCH, Integer.toString(task.stepsPerEpoch()));
        metadata.put(SCHEDULE, optimizer.schedule().toString());
        CheckpointFile.write(file, tensors, metadata);
    }

    /**
     * Brings the task and the optimizer to where they were.
     *
     * @throws IllegalArgumentException if the checkpoint is of another model, schedule or batch size; nothing has changed
     *     then
     */
    static void restore(CheckpointFile.Content content, Task task, Optimizer optimizer) {
        same(content, SCHEDULE, optimizer.schedule().toString());
        same(content, STEPS_PER_EPOCH, Integer.toString(task.stepsPerEpoch()));
        long steps = Long.parseLong(fact(content, STEPS));
        List<NamedTensor> needed = new ArrayList<>(parameters(task.parameters()));
        needed.addAll(optimizer.save());
        needed.addAll(task.state());
        for (NamedTensor tensor : needed) {
            NamedTensor saved = content.tensor(tensor.name());
            if (saved.type() != tensor.type() || !Arrays.equals(saved.shape(), tensor.shape())) {
                throw new IllegalArgumentException(
                        content.file() + " holds " + saved + ", this training needs " + tensor);
            }
        }
        for (NamedTensor parameter : parameters(task.parameters())) {
            parameter.data().copyFrom(content.tensor(parameter.name()).data());
        }
        task.parameters().changed();
        optimizer.load(content::tensor, steps);
        task.load(content::tensor);
        task.seek(steps / task.stepsPerEpoch(), (int) (steps % task.stepsPerEpoch()));
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
                tensors.add(new NamedTensor(path, type(parameter), shape(parameter), parameter.data()));
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
