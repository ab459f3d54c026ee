package io.gatun.nn.model;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Tensor;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Module;
import io.gatun.spec.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * VGG (Simonyan, Zisserman 2015) for NHWC images of 224x224 with three channels, with torchvision's parameter names. Each
 * ReLU runs in the pass of the layer before it.
 */
public final class Vgg extends Module {
    /** Channels of each convolution; 0 is a pooling. */
    private static final int[] CONFIGURATION_D = {
        64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0
    };

    private static final int HIDDEN = 4096;

    private final List<Module> features = new ArrayList<>();
    private final List<Module> classifier = new ArrayList<>();

    private Vgg(int[] layers, int classes) {
        int channels = 3;
        // torchvision counts every ReLU as a layer of its own.
        int place = 0;
        for (int width : layers) {
            if (width == 0) {
                features.add(new MaxPool2d(2));
                place++;
            } else {
                features.add(child("features." + place, conv(channels, width)));
                channels = width;
                place += 2;
            }
        }
        classifier.add(child("classifier.0", Linear.afterFlatten(7, 7, channels, HIDDEN, Activation.RELU)));
        classifier.add(child("classifier.2", new Dropout(0.5f)));
        classifier.add(child("classifier.3", new Linear(HIDDEN, HIDDEN, true, Activation.RELU)));
        classifier.add(child("classifier.5", new Dropout(0.5f)));
        classifier.add(child("classifier.6", new Linear(HIDDEN, classes)));
    }

    private static Conv2d conv(int in, int out) {
        return new Conv2d(in, out, 3, new Window(1, 1, 1, 1), true, Activation.RELU, Init.kaimingNormal());
    }

    /** 13 convolutions and three linear layers; 138,357,544 parameters with 1000 classes. */
    public static Vgg vgg16(int classes) {
        return new Vgg(CONFIGURATION_D, classes);
    }

    /** Logits [n, classes] of images [n, 224, 224, 3]. */
    @Override
    public Tensor forward(Tensor images) {
        Tensor value = images;
        for (Module layer : features) {
            value = through(layer, value, images);
        }
        Tensor rows = value.flatten(1);
        value.release();
        for (Module layer : classifier) {
            rows = through(layer, rows, images);
        }
        return rows;
    }
}
