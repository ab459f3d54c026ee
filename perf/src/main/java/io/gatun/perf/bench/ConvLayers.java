package io.gatun.perf.bench;

import io.gatun.spec.ConvSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;

/** The distinct convolutions of a ResNet, each in three directions, at the batch that it is trained with. */
public final class ConvLayers {
    private static final int CIFAR_BATCH = 128;
    private static final int BASIC_BATCH = 64;
    private static final int IMAGENET_BATCH = 16;

    private ConvLayers() {}

    /**
     * The layers of {@code resnet20}, {@code resnet18c} or {@code resnet50}.
     *
     * @throws IllegalArgumentException for another name
     */
    public static List<Spec> of(String net) {
        return of(net, 0);
    }

    /** The same at another batch; 0 for the usual one. */
    public static List<Spec> of(String net, int batch) {
        List<ConvSpec> layers =
                switch (net) {
                    case "resnet20" -> basic(batch > 0 ? batch : CIFAR_BATCH, 16, 3);
                    case "resnet18c" -> basic(batch > 0 ? batch : BASIC_BATCH, 64, 4);
                    case "resnet50" -> bottleneck(batch > 0 ? batch : IMAGENET_BATCH);
                    default ->
                        throw new IllegalArgumentException(
                                "unknown set '" + net + "'; known are resnet20, resnet18c, resnet50");
                };
        List<Spec> specs = new ArrayList<>();
        for (ConvSpec layer : layers) {
            for (ConvSpec.Direction direction : ConvSpec.Direction.values()) {
                specs.add(layer.with(direction));
            }
        }
        return specs;
    }

    /** A 3x3 stem on 32x32 pixels; from stage to stage half as many pixels a side and twice the channels. */
    private static List<ConvSpec> basic(int batch, int width, int stages) {
        List<ConvSpec> layers = new ArrayList<>();
        layers.add(ConvSpec.of(batch, 32, 32, 3, width, 3, 1, 1));
        int side = 32;
        for (int stage = 0; stage < stages; stage++) {
            if (stage > 0) {
                layers.add(ConvSpec.of(batch, side, side, width, 2 * width, 3, 2, 1));
                layers.add(ConvSpec.of(batch, side, side, width, 2 * width, 1, 2, 0));
                side /= 2;
                width *= 2;
            }
            layers.add(ConvSpec.of(batch, side, side, width, width, 3, 1, 1));
        }
        return layers;
    }

    /** A 7x7 stem on 224x224 pixels, and stages of 1x1, 3x3, 1x1; the stride is the 3x3's and the shortcut's. */
    private static List<ConvSpec> bottleneck(int batch) {
        List<ConvSpec> layers = new ArrayList<>();
        layers.add(ConvSpec.of(batch, 224, 224, 3, 64, 7, 2, 3));
        int side = 56;
        int in = 64;
        for (int width = 64; width <= 512; width *= 2) {
            layers.add(ConvSpec.of(batch, side, side, in, width, 1, 1, 0));
            if (width > 64) {
                layers.add(ConvSpec.of(batch, side, side, width, width, 3, 2, 1));
                layers.add(ConvSpec.of(batch, side, side, in, 4 * width, 1, 2, 0));
                side /= 2;
            }
            layers.add(ConvSpec.of(batch, side, side, width, 4 * width, 1, 1, 0));
            layers.add(ConvSpec.of(batch, side, side, 4 * width, width, 1, 1, 0));
            layers.add(ConvSpec.of(batch, side, side, width, width, 3, 1, 1));
            in = 4 * width;
        }
        return layers;
    }
}
