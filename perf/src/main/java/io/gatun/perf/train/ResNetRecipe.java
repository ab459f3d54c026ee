package io.gatun.perf.train;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.io.IOException;

/** ResNet-20 by SGD with Nesterov's momentum and a cosine after a short warm-up. */
final class ResNetRecipe extends ImageRecipe {
    private static final int BATCH = 128;
    private static final int EPOCHS = 5;
    private static final float RATE = 0.15f;
    private static final float MOMENTUM = 0.9f;
    private static final float WEIGHT_DECAY = 5e-4f;

    ResNetRecipe(TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, "shapes");
        DataSource source = DataSource.parseImages(options.data());
        ImageData data = Pictures.colour(source.loadImages(options.seed()));
        super(options, data, ResNet.resnet20(data.train().classes()), augmentation(source, Augmentation.CIFAR), memory);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        // Batch norm's statistics are wild in the first steps: half an epoch of rising rate lets them settle.
        long warmUp = Math.min(task().stepsPerEpoch() / 2, steps() / 4);
        return new Sgd(
                kernels,
                memory,
                parameters(),
                Schedule.cosine(options().learningRate(), warmUp, steps()),
                Sgd.Options.nesterov(MOMENTUM, WEIGHT_DECAY));
    }
}
