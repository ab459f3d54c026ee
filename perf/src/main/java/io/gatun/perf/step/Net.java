package io.gatun.perf.step;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Gru;
import io.gatun.nn.Linear;
import io.gatun.nn.Lstm;
import io.gatun.nn.Module;
import io.gatun.nn.Sequential;
import io.gatun.nn.TransformerEncoder;
import io.gatun.nn.TransformerOptions;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.model.Vgg;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.spec.Activation;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The nets whose training steps are timed, with the batch and the optimizer that are usual for each. */
public enum Net {
    /** CIFAR's ResNet-20. */
    RESNET20(128, new int[] {32, 32, 3}, 10, () -> ResNet.resnet20(10)),

    /** ResNet-18 with CIFAR's stem. */
    RESNET18C(64, new int[] {32, 32, 3}, 10, () -> ResNet.resnet18Cifar(10)),

    RESNET50(16, new int[] {224, 224, 3}, 1000, () -> ResNet.resnet50(1000)),

    VGG16(16, new int[] {224, 224, 3}, 1000, () -> Vgg.vgg16(1000)),

    /** Two layers of 512 units over 64 steps of 128 inputs; a target for each step. */
    LSTM(32, new int[] {64, 128}, 128, () -> new Sequential(new Lstm(128, 512, 2), new Linear(512, 128))),

    /** As {@link #LSTM}, of GRU. */
    GRU(32, new int[] {64, 128}, 128, () -> new Sequential(new Gru(128, 512, 2), new Linear(512, 128))),

    /** Four layers of width 256, 4 heads and 1,024 hidden units over 128 places, norms first; a target for each place. */
    TRANSFORMER(16, new int[] {128, 256}, 128, () -> new Sequential(encoder(256, 4), new Linear(256, 128))),

    /** Two hidden layers of 1,024 units. */
    MLP(
            256,
            new int[] {784},
            10,
            () -> new Sequential(
                    new Linear(784, 1024, true, Activation.RELU),
                    new Linear(1024, 1024, true, Activation.RELU),
                    new Linear(1024, 10)));

    private final int batch;
    private final int[] sample;
    private final int classes;
    private final Supplier<Module> module;

    Net(int batch, int[] sample, int classes, Supplier<Module> module) {
        this.batch = batch;
        this.sample = sample;
        this.classes = classes;
        this.module = module;
    }

    /**
     * The net of that name.
     *
     * @throws IllegalArgumentException naming the known ones
     */
    public static Net of(String name) {
        for (Net net : values()) {
            if (net.word().equals(name)) {
                return net;
            }
        }
        throw new IllegalArgumentException("unknown model '" + name + "'; known are "
                + Arrays.stream(values()).map(Net::word).collect(Collectors.joining(", ")));
    }

    /** Its name on the command line. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Samples in a step unless told otherwise. */
    public int batch() {
        return batch;
    }

    int classes() {
        return classes;
    }

    Module module() {
        return module.get();
    }

    /** Layers with GELU and the usual dropout of 0.1, and a norm behind the last. */
    private static Module encoder(int width, int layers) {
        TransformerOptions options = TransformerOptions.of(width, 4, 4 * width)
                .withActivation(Activation.GELU)
                .withNormFirst(true)
                .withDropout(0.1f);
        return new TransformerEncoder(options, layers, true);
    }

    private boolean sequence() {
        return this == LSTM || this == GRU || this == TRANSFORMER;
    }

    /** [n, h, w, c] of images, [t, b, inputs] of sequences. */
    Shape input(int samples) {
        if (sequence()) {
            return Shape.of(sample[0], samples, sample[1]);
        }
        int[] dims = new int[sample.length + 1];
        dims[0] = samples;
        System.arraycopy(sample, 0, dims, 1, sample.length);
        return Shape.of(dims);
    }

    /** One target an image, or one a step of each sequence. */
    int targets(int samples) {
        return sequence() ? sample[0] * samples : samples;
    }

    /** What {@link #targets} counts, a second. */
    String unit() {
        return sequence() ? "tokens/s" : "img/s";
    }

    /** SGD with momentum and decay for nets of convolutions, Adam for the others. */
    Optimizer optimizer(Kernels kernels, NativeMemory memory, Parameters parameters) {
        return switch (this) {
            case RESNET20, RESNET18C, RESNET50, VGG16 ->
                new Sgd(kernels, memory, parameters, Schedule.constant(0.01f), new Sgd.Options(0.9f, 0, false, 5e-4f));
            case LSTM, GRU, TRANSFORMER, MLP ->
                new AdamW(
                        kernels,
                        memory,
                        parameters,
                        Schedule.constant(1e-3f),
                        AdamW.Options.DEFAULT.withWeightDecay(0));
        };
    }
}
