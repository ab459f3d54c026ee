package io.gatun.perf.train;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.model.Vgg;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.io.IOException;
import java.util.Locale;

/**
 * The whole VGG-16 with batch norm, 134,309,962 parameters with ten classes. Weights, gradients and momentum are 537 MB each, and
 * every step moves all of them; nine tenths are the two large linear layers.
 *
 * <p>The pictures are small: the convolutions leave one pixel of 32x32, which is repeated to the 7x7 that the first linear layer
 * takes. So 49 of its weights see the same number and get the same gradient, and together they would move 49 times as far as a
 * weight for that number alone: with the rate of the other layers all its units die. It gets a 49th of the rate.
 */
final class Vgg16Recipe extends ImageRecipe {
    private static final int BATCH = 64;
    private static final int EPOCHS = 1;
    private static final float RATE = 0.05f;
    private static final int IMAGENET_CLASSES = 1000;

    /** By how much five pools make an image's sides smaller, and what the head takes. */
    private static final int POOLED = 32;

    private static final int SIDE = 7;

    private final ImageDataset images;

    Vgg16Recipe(TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, "shapes");
        DataSource source = DataSource.parseImages(options.data());
        ImageData data = Pictures.colour(source.loadImages(options.seed()));
        super(options, data, Vgg.vgg16Bn(data.train().classes()), augmentation(source, Augmentation.FLIP), memory);
        images = data.train();
    }

    /** The published number of parameters too. */
    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "%s (with %d classes the net would have %,d parameters, without batch norms %,d)",
                super.dataLine(),
                IMAGENET_CLASSES,
                Vgg.vgg16Bn(IMAGENET_CLASSES).parameterCount(),
                Vgg.vgg16(IMAGENET_CLASSES).parameterCount());
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        Schedule schedule = Schedule.cosine(options().learningRate(), steps() / 10, steps());
        Sgd.Options nesterov = Sgd.Options.nesterov(0.9f, 5e-4f);
        float pixels = (float) (images.height() / POOLED) * (images.width() / POOLED);
        float share = Math.min(1, pixels / (SIDE * SIDE));
        return new Sgd(kernels, memory, parameters(), schedule, nesterov)
                .group(name -> name.startsWith("classifier.0."), share, nesterov);
    }
}
