package io.gatun.nn.model;

import io.gatun.autograd.Tensor;
import io.gatun.nn.AvgPool2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.spec.Activation;

/**
 * LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998) as it is commonly built: every filter of the second convolution sees all
 * maps of the first, pools have no weights, and the last layer is linear. Activations are tanh, in the pass of the layer
 * before.
 *
 * <pre>
 * image      28x28x1
 * conv1 5x5  28x28x6     6·(25 + 1)        =    156 parameters
 * pool       14x14x6
 * conv2 5x5  10x10x16    16·(6·25 + 1)     =  2,416
 * pool       5x5x16
 * fc1        120         120·(400 + 1)     = 48,120
 * fc2        84          84·(120 + 1)      = 10,164
 * fc3        classes     10·(84 + 1)       =    850, in all 61,706
 * </pre>
 */
public final class LeNet5 extends Module {
    private final Conv2d conv1;
    private final Conv2d conv2;
    private final AvgPool2d pool = new AvgPool2d(2);
    private final Linear fc1;
    private final Linear fc2;
    private final Linear fc3;

    /** @param classes logits of an image [n, 28, 28, 1] */
    public LeNet5(int classes) {
        ConvOptions kernel = ConvOptions.kernel(5).activation(Activation.TANH);
        conv1 = child("conv1", new Conv2d(1, 6, kernel.padding(2)));
        conv2 = child("conv2", new Conv2d(6, 16, kernel));
        fc1 = child("fc1", Linear.afterFlatten(5, 5, 16, 120, Activation.TANH));
        fc2 = child("fc2", new Linear(120, 84, true, Activation.TANH));
        fc3 = child("fc3", new Linear(84, classes));
    }

    /** Logits [n, classes] of images [n, 28, 28, 1]. */
    @Override
    public Tensor forward(Tensor images) {
        Tensor maps = through(pool, conv1.call(images), images);
        maps = through(conv2, maps, images);
        maps = through(pool, maps, images);
        Tensor rows = maps.flatten(1);
        rows = through(fc1, rows, images);
        rows = through(fc2, rows, images);
        return through(fc3, rows, images);
    }
}
