package io.gatun.nn;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The blocks of He et al. 2016, with torchvision's names and places of the stride: a chain of convolutions, each followed
 * by batch norm, whose last norm adds the shortcut and applies the ReLU in the same pass. Where the shape changes the
 * shortcut is a 1x1 convolution with batch norm.
 */
public final class ResidualBlock extends Module {
    private final List<Conv2d> convs = new ArrayList<>();
    private final List<BatchNorm2d> norms = new ArrayList<>();
    private final Sequential downsample;
    private final boolean shortcut;

    private ResidualBlock(int in, int out, int stride, int[][] layers, boolean shortcut) {
        this.shortcut = shortcut;
        int from = in;
        for (int i = 0; i < layers.length; i++) {
            int to = layers[i][0];
            int kernel = layers[i][1];
            convs.add(child("conv" + (i + 1), conv(from, to, kernel, layers[i][2])));
            norms.add(child("bn" + (i + 1), new BatchNorm2d(to, true)));
            from = to;
        }
        downsample = !shortcut || stride == 1 && in == out
                ? null
                : child("downsample", new Sequential(conv(in, out, 1, stride), new BatchNorm2d(out)));
    }

    private static Conv2d conv(int in, int out, int kernel, int stride) {
        return new Conv2d(in, out, kernel, new Window(stride, kernel / 2, 1, 1), false, Init.kaimingNormal());
    }

    /** Two 3x3 convolutions. */
    public static ResidualBlock basic(int in, int out, int stride) {
        return new ResidualBlock(in, out, stride, basic(out, stride), true);
    }

    /** The convolutions of {@link #basic(int, int, int)} and no shortcut: what He et al. compare it with. */
    public static ResidualBlock plain(int in, int out, int stride) {
        return new ResidualBlock(in, out, stride, basic(out, stride), false);
    }

    private static int[][] basic(int out, int stride) {
        return new int[][] {{out, 3, stride}, {out, 3, 1}};
    }

    /** 1x1 to {@code width} channels, 3x3, 1x1 to four times as many. */
    public static ResidualBlock bottleneck(int in, int width, int stride) {
        return new ResidualBlock(
                in, 4 * width, stride, new int[][] {{width, 1, 1}, {width, 3, stride}, {4 * width, 1, 1}}, true);
    }

    @Override
    protected List<Folding.Pair> foldable() {
        int last = convs.size() - 1;
        return IntStream.rangeClosed(0, last)
                .mapToObj(i -> new Folding.Pair(convs.get(i), norms.get(i), shortcut && i == last))
                .toList();
    }

    @Override
    public Tensor forward(Tensor src) {
        Tensor added = !shortcut ? null : downsample == null ? src : downsample.call(src);
        Tensor value = src;
        int last = convs.size() - 1;
        for (int i = 0; i <= last; i++) {
            Tensor sums = convs.get(i).call(value);
            if (value != src) {
                // Between the convolutions: 209 MB of ResNet-50 b16 for 2 to 4 % of its step; ResNets of
                // basic blocks lose no time at all, since the values are then in the cache for the next rule.
                value.releaseToRecompute();
            }
            value = norms.get(i).call(sums, i == last ? added : null);
            if (value != sums) {
                sums.release();
            }
        }
        if (downsample != null) {
            // No rule reads it, so it goes at once.
            added.release();
        }
        return value;
    }
}
