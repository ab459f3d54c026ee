package io.gatun.perf.cuda;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.Shape;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.ResidualBlock;
import io.gatun.nn.Sequential;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.model.Gpt;
import io.gatun.nn.model.ResNet;
import java.util.function.Supplier;

/** A net, the shape of the batches that it is trained with on the emulator, and for how many steps it follows the CPU. */
enum EmulatedNet {
    /** What a ResNet is made of, with a dropout. */
    SMALL_IMAGES(
            () -> new Sequential(
                    new Conv2d(3, 8, 3, new Window(1, 1, 1, 1), false, Init.kaimingNormal()),
                    new BatchNorm2d(8, true),
                    new MaxPool2d(2),
                    ResidualBlock.bottleneck(8, 4, 2),
                    new Dropout(0.2f),
                    new GlobalAvgPool(),
                    new Linear(16, 16),
                    Nonlinearity.gelu(),
                    new Linear(16, 10)),
            Shape.of(4, 8, 8, 3),
            0.05f,
            10),
    /** Two LSTM layers of letters, with a dropout between them. */
    SMALL_TEXT(() -> new CharLstm(10, 12, 16, 2, 0.2f), Shape.of(5, 3), 1e-3f, 10),

    RESNET20(() -> ResNet.resnet20(10), Shape.of(4, 32, 32, 3), 0.01f, 10),
    RESNET18(() -> ResNet.resnet18(10), Shape.of(2, 64, 64, 3), 0.01f, 2),
    RESNET50(() -> ResNet.resnet50(10), Shape.of(2, 64, 64, 3), 0.01f, 2),
    /** Units at no multiple of a tile. */
    CHAR_LSTM(() -> new CharLstm(10, 48, 100, 2, 0.2f), Shape.of(8, 20), 1e-3f, 10),
    GPT(() -> new Gpt(10, 24, 48, 4, 2, 0.1f), Shape.of(3, 20), 1e-3f, 10);

    /** Of the images' labels, and of the texts' letters. */
    static final int CLASSES = 10;

    /**
     * What a block's last norm begins with. Deep nets with batch norm have gradients that grow from layer to layer: with 1,
     * two CPU backends are 20 % apart after a step of ResNet-50 on these batches, with this 1e-6.
     */
    private static final float GAIN = 0.1f;

    private final Supplier<Module> model;
    private final Shape shape;
    private final float rate;
    private final int steps;

    EmulatedNet(Supplier<Module> model, Shape shape, float rate, int steps) {
        this.model = model;
        this.shape = shape;
        this.rate = rate;
        this.steps = steps;
    }

    Module model() {
        return model.get();
    }

    /** Changes first weights, where that makes the net's losses less sensitive to rounding. */
    void begin(Parameters parameters) {
        String last = this == RESNET50 ? ".bn3.weight" : ".bn2.weight";
        parameters.named().keySet().stream()
                .filter(name -> name.startsWith("layer") && name.endsWith(last))
                .forEach(name -> parameters.initialize(name, Init.constant(GAIN), 0));
    }

    /** Of a batch: images NHWC, or letters. */
    Shape shape() {
        return shape;
    }

    /** A batch of letters has a target each, one of images a target an image. */
    boolean text() {
        return shape.rank() == 2;
    }

    int targets() {
        return text() ? (int) shape.elements() : shape.dim(0);
    }

    float rate() {
        return rate;
    }

    int steps() {
        return steps;
    }
}
