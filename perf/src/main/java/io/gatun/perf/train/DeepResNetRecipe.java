package io.gatun.perf.train;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Init;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.io.IOException;
import java.util.Locale;

/**
 * ImageNet's ResNet-18, -34 and -50 as they are, on small pictures: the stem of stride 2 and its pooling leave 8x8 pixels of
 * 32x32, the last stage one, so a picture takes a 49th of the work of one of 224x224.
 *
 * <p>ResNet-18 learns by SGD with Nesterov's momentum and a cosine after a short warm-up. The deeper two hardly did so: with one pixel
 * left ResNet-50's loss jumped between 2 and 7 at a rate of 0.02 (PyTorch's does too), ResNet-34 got half of the figures right. They
 * have AdamW, blocks that begin at zero and a slow head.
 *
 * <p>Result (seed 1, two cores): of 2,000 test figures ResNet-18 tells 96.85 % right in 49 s, ResNet-34 95.60 % in 81 s, ResNet-50
 * 96.25 % in 89 s.
 */
final class DeepResNetRecipe extends ImageRecipe {
    private static final int BATCH = 64;
    private static final int IMAGENET_CLASSES = 1000;

    /** Of the deeper nets' rate: 512 or 2,048 features that are never negative move a logit together. */
    private static final float HEAD = 0.05f;

    /** A net and what two cores can do with it in one or two minutes. */
    enum Depth {
        RESNET18(4, 0.05f),
        RESNET34(3, 3e-3f),
        RESNET50(3, 3e-3f);

        private final int epochs;
        private final float rate;

        Depth(int epochs, float rate) {
            this.epochs = epochs;
            this.rate = rate;
        }

        ResNet net(int classes) {
            return switch (this) {
                case RESNET18 -> ResNet.resnet18(classes);
                case RESNET34 -> ResNet.resnet34(classes);
                case RESNET50 -> ResNet.resnet50(classes);
            };
        }
    }

    private final Depth depth;

    DeepResNetRecipe(Depth depth, TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions options = asked.or(BATCH, depth.epochs, depth.rate, "shapes");
        DataSource source = DataSource.parseImages(options.data());
        ImageData data = Pictures.colour(source.loadImages(options.seed()));
        this.depth = depth;
        super(options, data, depth.net(data.train().classes()), augmentation(source, Augmentation.FLIP), memory);
        if (depth != Depth.RESNET18) {
            beginWithShortcutsAlone(options.seed());
        }
    }

    /** Torchvision's zero_init_residual: a block's last norm multiplies by 0, so that the net learns as a shallow one first. */
    private void beginWithShortcutsAlone(long seed) {
        parameters().named().keySet().stream()
                .filter(name -> name.endsWith(depth == Depth.RESNET50 ? ".bn3.weight" : ".bn2.weight"))
                .forEach(name -> parameters().initialize(name, Init.zeros(), seed));
    }

    /** The published number of parameters too: that of ImageNet's classes. */
    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "%s (with %d classes the net would have %,d parameters)",
                super.dataLine(),
                IMAGENET_CLASSES,
                depth.net(IMAGENET_CLASSES).parameterCount());
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        if (depth == Depth.RESNET18) {
            return nesterov(kernels, memory);
        }
        Schedule schedule = Schedule.cosine(options().learningRate(), steps() / 10, steps());
        return new AdamW(kernels, memory, parameters(), schedule, AdamW.Options.DEFAULT)
                .group(name -> name.startsWith("fc."), HEAD, AdamW.Options.DEFAULT);
    }
}
