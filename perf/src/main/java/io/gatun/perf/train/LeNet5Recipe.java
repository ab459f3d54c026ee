package io.gatun.perf.train;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.model.LeNet5;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.io.IOException;

/**
 * LeNet-5, the first convolutional net that read cheques, on grey pictures of 28x28: the ten figures unless {@code --data}
 * says otherwise, digits by {@code --data mnist:DIR}. AdamW and a cosine.
 *
 * <p>Result (seed 1, two cores): 88.05 % of 2,000 test figures right, in 16 s.
 */
final class LeNet5Recipe extends ImageRecipe {
    private static final int BATCH = 64;
    private static final int EPOCHS = 20;
    private static final float RATE = 3e-3f;

    LeNet5Recipe(TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, "shapes");
        DataSource source = DataSource.parseImages(options.data());
        ImageData data = Pictures.greySmall(source.loadImages(options.seed()));
        super(options, data, new LeNet5(data.train().classes()), augmentation(source, Augmentation.FLIP), memory);
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        Schedule schedule = Schedule.cosine(options().learningRate(), steps() / 20, steps());
        return new AdamW(kernels, memory, parameters(), schedule, AdamW.Options.DEFAULT);
    }
}
