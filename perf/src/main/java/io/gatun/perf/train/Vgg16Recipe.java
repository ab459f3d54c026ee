package io.gatun.perf.train;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.model.Vgg;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.io.IOException;
import java.util.Locale;

/**
 * The whole VGG-16 with batch norm, 134,309,962 parameters with ten classes. Weights, gradients and AdamW's two moments are
 * 537 MB each, and every step moves all of them; nine tenths are the two large linear layers.
 *
 * <p>The pictures are small: the convolutions leave one pixel of 32x32, which is repeated to the 7x7 that the first linear layer
 * takes. So 49 of its weights see the same number and get the same gradient, and together they would move 49 times as far as a
 * weight for that number alone: with the rate of the other layers all its units die. It gets a 49th of the rate.
 *
 * <p>By AdamW, whose steps do not shrink with the gradient that three large layers leave of it: by SGD the net was no better
 * than chance after an epoch of 156 steps.
 *
 * <p>Result (seed 1, two cores): 29.45 % of 2,000 test figures right after 200 steps, in 98 s; guessing is right on 10 %.
 */
final class Vgg16Recipe extends ImageRecipe {
    private static final int BATCH = 32;
    private static final int EPOCHS = 1;
    private static final float RATE = 3e-4f;
    private static final int FIGURES = 200 * BATCH;

    /** Of the rate: 4,096 inputs that are never negative move a unit together. */
    private static final float HEAD = 0.1f;

    private static final int IMAGENET_CLASSES = 1000;

    /** By how much five pools make an image's sides smaller, and what the head takes. */
    private static final int POOLED = 32;

    private static final int SIDE = 7;

    private final ImageDataset images;

    Vgg16Recipe(TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, "shapes");
        DataSource source = DataSource.parseImages(options.data());
        ImageData data = some(source, Pictures.colour(source.loadImages(options.seed())));
        super(options, data, Vgg.vgg16Bn(data.train().classes()), augmentation(source, Augmentation.FLIP), memory);
        images = data.train();
    }

    /** As many of the drawn figures as two cores can show the net in a minute and a half; of other sets all. */
    private static ImageData some(DataSource source, ImageData all) {
        return source.kind() == DataSource.Kind.SHAPES
                ? ImageData.of(all.name(), all.train().first(FIGURES), all.test(), all.classNames())
                : all;
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
        float pixels = (float) (images.height() / POOLED) * (images.width() / POOLED);
        float share = Math.min(1, pixels / (SIDE * SIDE));
        return new AdamW(kernels, memory, parameters(), schedule, AdamW.Options.DEFAULT)
                .group(name -> name.startsWith("classifier.0."), HEAD * share, AdamW.Options.DEFAULT)
                .group(
                        name -> name.startsWith("classifier.3.") || name.startsWith("classifier.6."),
                        HEAD,
                        AdamW.Options.DEFAULT);
    }
}
