package io.gatun.perf.train;

import io.gatun.nn.Module;
import io.gatun.nn.StateDict;
import io.gatun.nn.io.Safetensors;
import io.gatun.nn.io.SafetensorsFile;
import io.gatun.nn.io.TensorInfo;
import io.gatun.nn.model.ResNet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/** The ResNets that {@code gatun train transfer} can start from, and how to tell them by the names of their tensors. */
enum Backbone {
    RESNET20("ResNet-20", "layer3.2.conv2.weight", ResNet::resnet20),
    RESNET18("ResNet-18", "layer4.1.conv2.weight", ResNet::resnet18),
    RESNET34("ResNet-34", "layer3.5.conv2.weight", ResNet::resnet34),
    RESNET50("ResNet-50", "layer3.5.conv3.weight", ResNet::resnet50);

    private final String title;

    /** Its last block of a stage: only this net and larger ones have it. */
    private final String mark;

    private final Function<IntFunction<Module>, ResNet> maker;

    Backbone(String title, String mark, Function<IntFunction<Module>, ResNet> maker) {
        this.title = title;
        this.mark = mark;
        this.maker = maker;
    }

    /**
     * The net whose weights a file holds.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    static Backbone in(Path file) throws IOException {
        try (SafetensorsFile open = Safetensors.open(file)) {
            List<String> names = open.tensors().stream().map(TensorInfo::name).toList();
            // From the largest down.
            for (Backbone net : List.of(RESNET50, RESNET34, RESNET18, RESNET20)) {
                if (names.contains(net.mark)) {
                    return net;
                }
            }
            throw new IllegalArgumentException(file + " has the weights of no ResNet-20, -18, -34 or -50, but "
                    + names.subList(0, Math.min(4, names.size()))
                    + "; give a checkpoint of train resnet20, or torchvision's file");
        }
    }

    /** The net with that head, which is made for the number of its features and named {@code fc}. */
    ResNet with(IntFunction<Module> head) {
        return maker.apply(head);
    }

    /** Fills all but the head. */
    static void load(Path file, ResNet net) throws IOException {
        StateDict.of(file)
                .rename(name -> name.replaceFirst("^module\\.", ""))
                .skip(name -> name.startsWith("fc."))
                .load(net);
    }

    @Override
    public String toString() {
        return title;
    }
}
