package io.gatun.perf.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Module;
import io.gatun.nn.log.ModelGraph;
import io.gatun.nn.train.SupervisedTask;
import java.util.Optional;
import java.util.function.Function;

/** What recipes of a {@link SupervisedTask} share: who holds what, and who closes it. */
abstract class SupervisedRecipe implements Recipe {
    private final TrainOptions options;
    private final Parameters parameters;
    private final SupervisedTask task;

    /**
     * Gives the model its memory, then makes its task.
     *
     * @param options none of them null
     */
    <M extends Module> SupervisedRecipe(
            TrainOptions options, M model, NativeMemory memory, Function<M, SupervisedTask> maker) {
        this.options = options;
        parameters = model.allocate(memory, options.seed());
        try {
            task = maker.apply(model);
        } catch (RuntimeException e) {
            parameters.close();
            throw e;
        }
    }

    @Override
    public final TrainOptions options() {
        return options;
    }

    @Override
    public final SupervisedTask task() {
        return task;
    }

    final Parameters parameters() {
        return parameters;
    }

    @Override
    public final Optional<ModelGraph> graph(Tape tape) {
        return Optional.of(task.show(tape, ModelGraph::of));
    }

    /** Optimizer steps of the whole run. */
    final long steps() {
        return (long) options.epochs() * task.stepsPerEpoch();
    }

    @Override
    public final void close() {
        task.close();
        parameters.close();
    }
}
