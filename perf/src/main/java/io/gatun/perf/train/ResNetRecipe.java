package io.gatun.perf.train;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.Optimizer;
import java.io.IOException;

/** ResNet-20 by SGD with Nesterov's momentum and a cosine after a short warm-up. */
final class ResNetRecipe extends ImageRecipe {
    private static final int BATCH = 128;
    private static final int EPOCHS = 5;
    private static final float RATE = 0.15f;

    ResNetRecipe(TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, "shapes");
        DataSource source = DataSource.parseImages(options.data());
        ImageData data = Pictures.colour(source.loadImages(options.seed()));
        super(options, data, ResNet.resnet20(data.train().classes()), augmentation(source, Augmentation.CIFAR), memory);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        return nesterov(kernels, memory);
    }
}
