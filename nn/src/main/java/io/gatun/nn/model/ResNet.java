package io.gatun.nn.model;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Tensor;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Folding;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Module;
import io.gatun.nn.ResidualBlock;
import io.gatun.nn.Sequential;
import java.util.List;

/**
 * Residual nets (He, Zhang, Ren, Sun 2016) for NHWC images with three channels, with torchvision's parameter names. Where
 * a stage changes the shape its shortcut is a projection.
 */
public final class ResNet extends Module {
    private static final int[] WIDTHS = {64, 128, 256, 512};

    private final Conv2d conv1;
    private final BatchNorm2d bn1;
    private final MaxPool2d maxPool;
    private final Sequential[] stages;
    private final GlobalAvgPool pool = new GlobalAvgPool();
    private final Linear fc;

    private ResNet(boolean largeImages, int[] widths, int[] depths, boolean bottleneck, int classes) {
        int kernel = largeImages ? 7 : 3;
        Window window = new Window(largeImages ? 2 : 1, kernel / 2, 1, 1);
        conv1 = child("conv1", new Conv2d(3, widths[0], kernel, window, false, Init.kaimingNormal()));
        bn1 = child("bn1", new BatchNorm2d(widths[0], true));
        maxPool = largeImages ? new MaxPool2d(3, 2, 1) : null;
        stages = new Sequential[widths.length];
        int in = widths[0];
        for (int i = 0; i < widths.length; i++) {
            ResidualBlock[] blocks = new ResidualBlock[depths[i]];
            for (int j = 0; j < blocks.length; j++) {
                int stride = i > 0 && j == 0 ? 2 : 1;
                blocks[j] = bottleneck
                        ? ResidualBlock.bottleneck(in, widths[i], stride)
                        : ResidualBlock.basic(in, widths[i], stride);
                in = bottleneck ? 4 * widths[i] : widths[i];
            }
            stages[i] = child("layer" + (i + 1), new Sequential(blocks));
        }
        fc = child("fc", new Linear(in, classes));
    }

    /** For CIFAR's 32x32 images: three stages of 16, 32 and 64 channels; 272,474 parameters with 10 classes. */
    public static ResNet resnet20(int classes) {
        return new ResNet(false, new int[] {16, 32, 64}, new int[] {3, 3, 3}, false, classes);
    }

    /** ResNet-18 with a 3x3 stem without pooling, for 32x32 images; 11,173,962 parameters with 10 classes. */
    public static ResNet resnet18Cifar(int classes) {
        return new ResNet(false, WIDTHS, new int[] {2, 2, 2, 2}, false, classes);
    }

    /** For 224x224 images; 11,689,512 parameters with 1000 classes. */
    public static ResNet resnet18(int classes) {
        return new ResNet(true, WIDTHS, new int[] {2, 2, 2, 2}, false, classes);
    }

    /** For 224x224 images; 21,797,672 parameters with 1000 classes. */
    public static ResNet resnet34(int classes) {
        return new ResNet(true, WIDTHS, new int[] {3, 4, 6, 3}, false, classes);
    }

    /** Bottleneck blocks, for 224x224 images; 25,557,032 parameters with 1000 classes. */
    public static ResNet resnet50(int classes) {
        return new ResNet(true, WIDTHS, new int[] {3, 4, 6, 3}, true, classes);
    }

    @Override
    protected List<Folding.Pair> foldable() {
        return List.of(new Folding.Pair(conv1, bn1, false));
    }

    /** Logits [n, classes] of images [n, h, w, 3]. */
    @Override
    public Tensor forward(Tensor images) {
        return through(fc, features(images), images);
    }

    /** What the last layer sees: [n, 512], or [n, 64] and [n, 2048] for ResNet-20 and -50. */
    public Tensor features(Tensor images) {
        Tensor stem = through(bn1, conv1.call(images), images);
        Tensor value = stem;
        if (maxPool != null) {
            value = maxPool.call(stem);
            stem.releaseToRecompute();
        }
        for (Sequential stage : stages) {
            Tensor result = stage.call(value);
            if (value == stem) {
                stem.releaseToRecompute();
            } else {
                value.release();
            }
            value = result;
        }
        return through(pool, value, images);
    }
}
