package io.gatun.nn.model;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Tensor;
import io.gatun.nn.AdaptiveAvgPool2d;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalMaxPool;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Module;
import io.gatun.spec.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * VGG (Simonyan, Zisserman 2015) for NHWC images with three channels, with torchvision's parameter names: of 224x224, or
 * small ones with batch norm. Each ReLU runs in the pass of the layer before it.
 */
public final class Vgg extends Module {
    /** Channels of each convolution in multiples of the first one's; 0 is a pooling. */
    private static final int[] CONFIGURATION_A = {1, 0, 2, 0, 4, 4, 0, 8, 8, 0, 8, 8};

    private static final int[] CONFIGURATION_D = {1, 1, 0, 2, 2, 0, 4, 4, 4, 0, 8, 8, 8, 0, 8, 8, 8, 0};
    private static final int WIDTH = 64;
    private static final int HIDDEN = 4096;
    private static final int TRANSFER_HIDDEN = 512;

    /** Rows and columns of the last pool's result for images of 224x224, which the first linear layer takes. */
    private static final int SIDE = 7;

    private final List<Module> features = new ArrayList<>();
    /** To the side that the head wants; null where the head takes what there is. */
    private final AdaptiveAvgPool2d pool;

    private final List<Module> classifier = new ArrayList<>();

    private Vgg(int[] layers, int width, boolean norm, AdaptiveAvgPool2d pool) {
        this.pool = pool;
        int channels = 3;
        // torchvision counts every ReLU as a layer of its own.
        int place = 0;
        for (int multiple : layers) {
            if (multiple == 0) {
                features.add(new MaxPool2d(2));
                place++;
                continue;
            }
            int out = multiple * width;
            Activation activation = norm ? Activation.IDENTITY : Activation.RELU;
            features.add(child("features." + place, conv(channels, out, activation)));
            if (norm) {
                features.add(child("features." + (place + 1), new BatchNorm2d(out, true)));
            }
            channels = out;
            place += norm ? 3 : 2;
        }
    }

    private static Conv2d conv(int in, int out, Activation activation) {
        return new Conv2d(in, out, 3, new Window(1, 1, 1, 1), true, activation, Init.kaimingNormal());
    }

    /**
     * 13 convolutions and three linear layers; 138,357,544 parameters with 1000 classes. For images of 224x224; what the
     * convolutions make of others, 32x32 and more, is averaged or repeated to 7x7, as torchvision does.
     */
    public static Vgg vgg16(int classes) {
        return vgg16(classes, false);
    }

    /** {@link #vgg16} with a batch norm behind each convolution; 138,365,992 parameters with 1000 classes. */
    public static Vgg vgg16Bn(int classes) {
        return vgg16(classes, true);
    }

    private static Vgg vgg16(int classes, boolean norm) {
        Vgg vgg = new Vgg(CONFIGURATION_D, WIDTH, norm, new AdaptiveAvgPool2d(SIDE));
        vgg.head("classifier.0", Linear.afterFlatten(SIDE, SIDE, 8 * WIDTH, HIDDEN, Activation.RELU));
        vgg.head("classifier.2", new Dropout(0.5f));
        vgg.head("classifier.3", new Linear(HIDDEN, HIDDEN, true, Activation.RELU));
        vgg.head("classifier.5", new Dropout(0.5f));
        vgg.head("classifier.6", new Linear(HIDDEN, classes));
        return vgg;
    }

    /**
     * VGG-16's convolutions with the head that is usual for transfer, flatten - 512 - dropout of a half - classes:
     * 27,570,516 parameters with 20 classes, 12,855,828 of them in the head. Load the {@code features} from a file, then
     * freeze all but the {@code classifier}.
     */
    public static Vgg vgg16Transfer(int classes) {
        return vgg16Transfer(classes, WIDTH);
    }

    /** With another width, for tests. */
    static Vgg vgg16Transfer(int classes, int width) {
        Vgg vgg = new Vgg(CONFIGURATION_D, width, false, new AdaptiveAvgPool2d(SIDE));
        vgg.head("classifier.0", Linear.afterFlatten(SIDE, SIDE, 8 * width, TRANSFER_HIDDEN, Activation.RELU));
        vgg.head("classifier.2", new Dropout(0.5f));
        vgg.head("classifier.3", new Linear(TRANSFER_HIDDEN, classes));
        return vgg;
    }

    /**
     * VGG-11 as it is usual for CIFAR: eight convolutions with batch norms, one linear layer; 9,231,114 parameters with 10
     * classes and a width of 64. For images of 16x16 and more; the last pool takes what is left, 2x2 of 32x32.
     *
     * @param width channels of the first convolution, of the last ones 8 times as many
     */
    public static Vgg vgg11Cifar(int classes, int width) {
        Vgg vgg = new Vgg(CONFIGURATION_A, width, true, null);
        vgg.features.add(new GlobalMaxPool());
        vgg.head("classifier", new Linear(8 * width, classes));
        return vgg;
    }

    private void head(String name, Module layer) {
        classifier.add(child(name, layer));
    }

    /** Logits [n, classes] of images [n, h, w, 3]. */
    @Override
    public Tensor forward(Tensor images) {
        Tensor value = images;
        for (Module layer : features) {
            value = through(layer, value, images);
        }
        if (pool != null && (value.shape().dim(1) != SIDE || value.shape().dim(2) != SIDE)) {
            value = through(pool, value, images);
        }
        Tensor rows = value.flatten(1);
        value.release();
        for (Module layer : classifier) {
            rows = through(layer, rows, images);
        }
        return rows;
    }
}
