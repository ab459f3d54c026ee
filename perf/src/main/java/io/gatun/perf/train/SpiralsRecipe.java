package io.gatun.perf.train;

import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What recipes share that tell two {@link Spirals} apart: cross-entropy of two logits by AdamW, and a report that paints the
 * plane by what the net says.
 */
abstract class SpiralsRecipe extends SupervisedRecipe {
    private final Module model;
    private final Spirals train;
    private final Spirals test;

    /** @param net from points [b, 2] to logits [b, 2] */
    SpiralsRecipe(TrainOptions options, Module net, NativeMemory memory) {
        Spirals shown = Spirals.train(options.seed());
        Spirals kept = Spirals.test(options.seed());
        super(
                options,
                net,
                memory,
                spirals -> new SupervisedTask(
                        spirals,
                        Loss.CROSS_ENTROPY,
                        DataLoader.training(shown.set(), options.batch(), options.seed()),
                        DataLoader.evaluation(kept.set(), options.batch()),
                        memory));
        model = net;
        train = shown;
        test = kept;
    }

    /** The points to learn from. */
    final Spirals train() {
        return train;
    }

    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "generated: %,d points on two spirals to learn from, %,d to test on",
                Spirals.TRAIN,
                Spirals.TEST);
    }

    @Override
    public final Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        Schedule schedule = Schedule.cosine(options().learningRate(), steps() / 20, steps());
        return new AdamW(kernels, memory, parameters(), schedule, AdamW.Options.DEFAULT);
    }

    @Override
    public final Map<String, Object> results(Tape tape) {
        return Map.of("pictures", List.of(PlanePicture.of(model, tape, test.points(), test.arms())));
    }

    @Override
    public final void end(Trainer.Summary summary, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "result      test accuracy %.2f %%, %.1f s%n",
                100 * summary.test().accuracy(),
                summary.seconds());
    }
}
