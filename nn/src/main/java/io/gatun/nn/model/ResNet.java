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
import java.util.function.IntFunction;

/**
 * Residual nets (He, Zhang, Ren, Sun 2016) for NHWC images with three channels, with torchvision's parameter names. Where
 * a stage changes the shape its shortcut is a projection.
 */
public final class ResNet extends Module {
    private static final int[] WIDTHS = {64, 128, 256, 512};
    private static final int[] DEPTHS_18 = {2, 2, 2, 2};

    /** Of ResNet-50 too. */
    private static final int[] DEPTHS_34 = {3, 4, 6, 3};

    private final Conv2d conv1;
    private final BatchNorm2d bn1;
    private final MaxPool2d maxPool;
    private final Sequential[] stages;
    private final GlobalAvgPool pool = new GlobalAvgPool();
    private final Module fc;

    /** Blocks of each stage, and of what kind. */
    private record Plan(boolean largeImages, int[] widths, int[] depths, Block block) {}

    private enum Block {
        BASIC,
        BOTTLENECK,
        PLAIN;

        ResidualBlock of(int in, int width, int stride) {
            return switch (this) {
                case BASIC -> ResidualBlock.basic(in, width, stride);
                case BOTTLENECK -> ResidualBlock.bottleneck(in, width, stride);
                case PLAIN -> ResidualBlock.plain(in, width, stride);
            };
        }

        int channels(int width) {
            return this == BOTTLENECK ? 4 * width : width;
        }
    }

    private ResNet(Plan plan, IntFunction<? extends Module> head) {
        int[] widths = plan.widths;
        int kernel = plan.largeImages ? 7 : 3;
        Window window = new Window(plan.largeImages ? 2 : 1, kernel / 2, 1, 1);
        conv1 = child("conv1", new Conv2d(3, widths[0], kernel, window, false, Init.kaimingNormal()));
        bn1 = child("bn1", new BatchNorm2d(widths[0], true));
        maxPool = plan.largeImages ? new MaxPool2d(3, 2, 1) : null;
        stages = new Sequential[widths.length];
        int in = widths[0];
        for (int i = 0; i < widths.length; i++) {
            ResidualBlock[] blocks = new ResidualBlock[plan.depths[i]];
            for (int j = 0; j < blocks.length; j++) {
                blocks[j] = plan.block.of(in, widths[i], i > 0 && j == 0 ? 2 : 1);
                in = plan.block.channels(widths[i]);
            }
            stages[i] = child("layer" + (i + 1), new Sequential(blocks));
        }
        fc = child("fc", head.apply(in));
    }

    private static IntFunction<Linear> linear(int classes) {
        return features -> new Linear(features, classes);
    }

    /** For CIFAR's 32x32 images: three stages of 16, 32 and 64 channels; 272,474 parameters with 10 classes. */
    public static ResNet resnet20(int classes) {
        return resnet20(linear(classes));
    }

    /** ResNet-20 with another head, which is made for the number of its features, 64, and named {@code fc}. */
    public static ResNet resnet20(IntFunction<? extends Module> head) {
        return new ResNet(cifar(20, 16, Block.BASIC), head);
    }

    /**
     * A net of He et al.'s section 4.2, for 32x32 images: three stages, each half as large and twice as wide as the one
     * before.
     *
     * @param depth 6 n + 2 for n blocks a stage: 20, 32, 44, 56, 110
     * @param width channels of the first stage, 16 in the paper
     * @throws IllegalArgumentException for another depth
     */
    public static ResNet cifar(int depth, int width, int classes) {
        return new ResNet(cifar(depth, width, Block.BASIC), linear(classes));
    }

    /** {@link #cifar} without shortcuts: no residual net at all, but what one is compared with. */
    public static ResNet plainCifar(int depth, int width, int classes) {
        return new ResNet(cifar(depth, width, Block.PLAIN), linear(classes));
    }

    private static Plan cifar(int depth, int width, Block block) {
        int blocks = (depth - 2) / 6;
        if (blocks < 1 || 6 * blocks + 2 != depth) {
            throw new IllegalArgumentException("a ResNet for CIFAR of " + depth
                    + " layers is not possible; depth = 6 n + 2 for n blocks a stage, such as 20 or 56");
        }
        return new Plan(false, new int[] {width, 2 * width, 4 * width}, new int[] {blocks, blocks, blocks}, block);
    }

    /** ResNet-18 with a 3x3 stem without pooling, for 32x32 images; 11,173,962 parameters with 10 classes. */
    public static ResNet resnet18Cifar(int classes) {
        return new ResNet(new Plan(false, WIDTHS, DEPTHS_18, Block.BASIC), linear(classes));
    }

    /** For 224x224 images; 11,689,512 parameters with 1000 classes. */
    public static ResNet resnet18(int classes) {
        return resnet18(linear(classes));
    }

    /** ResNet-18 with another head, which is made for the number of its features, 512, and named {@code fc}. */
    public static ResNet resnet18(IntFunction<? extends Module> head) {
        return new ResNet(new Plan(true, WIDTHS, DEPTHS_18, Block.BASIC), head);
    }

    /** For 224x224 images; 21,797,672 parameters with 1000 classes. */
    public static ResNet resnet34(int classes) {
        return resnet34(linear(classes));
    }

    /** ResNet-34 with another head, as {@link #resnet18(IntFunction)}. */
    public static ResNet resnet34(IntFunction<? extends Module> head) {
        return new ResNet(new Plan(true, WIDTHS, DEPTHS_34, Block.BASIC), head);
    }

    /** Bottleneck blocks, for 224x224 images; 25,557,032 parameters with 1000 classes. */
    public static ResNet resnet50(int classes) {
        return resnet50(linear(classes));
    }

    /** ResNet-50 with another head, which is made for the number of its features, 2048, and named {@code fc}. */
    public static ResNet resnet50(IntFunction<? extends Module> head) {
        return new ResNet(new Plan(true, WIDTHS, DEPTHS_34, Block.BOTTLENECK), head);
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
