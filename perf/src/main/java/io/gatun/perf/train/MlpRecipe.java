package io.gatun.perf.train;

import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Loss;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.model.Mlp;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import io.gatun.spec.Activation;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A perceptron of two hidden layers, 2-32-32-2 with tanh (1,218 parameters), tells two spirals apart that wind around each
 * other. The best line is right on 67 % of such points; what hidden layers are for can be seen in the report, which paints the
 * plane by what the net says.
 *
 * <p>Result (seed 1, two cores): all test points right, in 1 s.
 */
final class MlpRecipe extends SupervisedRecipe {
    private static final int HIDDEN = 32;
    private static final int BATCH = 64;
    private static final int EPOCHS = 20;
    private static final float RATE = 0.01f;

    private final Mlp model;
    private final Spirals test;

    MlpRecipe(TrainOptions asked, NativeMemory memory) {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, Trainable.GENERATED);
        Spirals train = Spirals.train(options.seed());
        Spirals drawn = Spirals.test(options.seed());
        Mlp net = new Mlp(Activation.TANH, 2, HIDDEN, HIDDEN, 2);
        super(
                options,
                net,
                memory,
                mlp -> new SupervisedTask(
                        mlp,
                        Loss.CROSS_ENTROPY,
                        DataLoader.training(train.set(), options.batch(), options.seed()),
                        DataLoader.evaluation(drawn.set(), options.batch()),
                        memory));
        model = net;
        test = drawn;
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
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        Schedule schedule = Schedule.cosine(options().learningRate(), steps() / 20, steps());
        return new AdamW(kernels, memory, parameters(), schedule, AdamW.Options.DEFAULT);
    }

    @Override
    public Map<String, Object> results(Tape tape) {
        return Map.of("pictures", List.of(PlanePicture.of(model, tape, test.points(), test.arms())));
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "result      test accuracy %.2f %%, %.1f s%n",
                100 * summary.test().accuracy(),
                summary.seconds());
    }
}
