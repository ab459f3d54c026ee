package io.gatun.perf.train;

import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.DataSource;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The nets that {@code gatun train} knows, what each learns from, and its recipe. */
enum Trainable {
    LINEAR(Learns.MADE, LinearRecipe::new),
    LOGISTIC(Learns.MADE, LogisticRecipe::new),
    PERCEPTRON(Learns.MADE, PerceptronRecipe::new),
    MLP(Learns.MADE, MlpRecipe::new),
    RBF(Learns.MADE, RbfRecipe::new),
    LENET5(Learns.IMAGES, LeNet5Recipe::new),
    AUTOENCODER(Learns.IMAGES, AutoencoderRecipe::new),
    VGG(Learns.IMAGES, VggRecipe::new),
    VGG16(Learns.IMAGES, Vgg16Recipe::new),
    RESNET20(Learns.IMAGES, ResNetRecipe::new),
    RESNET18(Learns.IMAGES, (asked, memory) -> new DeepResNetRecipe(DeepResNetRecipe.Depth.RESNET18, asked, memory)),
    RESNET34(Learns.IMAGES, (asked, memory) -> new DeepResNetRecipe(DeepResNetRecipe.Depth.RESNET34, asked, memory)),
    RESNET50(Learns.IMAGES, (asked, memory) -> new DeepResNetRecipe(DeepResNetRecipe.Depth.RESNET50, asked, memory)),
    TRANSFER(Learns.IMAGES, TransferRecipe::new),
    DEGRADATION(Learns.IMAGES, DegradationRecipe::new),
    CHARLSTM(Learns.TEXT, CharRnnRecipe::lstm),
    CHARGRU(Learns.TEXT, CharRnnRecipe::gru),
    ADDING(Learns.MADE, AddingRecipe::new),
    SINE(Learns.MADE, SineRecipe::new),
    SEQ2SEQ(Learns.MADE, Seq2SeqRecipe::new),
    GPT(Learns.TEXT, GptRecipe::new);

    /** What {@code --data} may name. */
    enum Learns {
        /** Nothing: the recipe makes its data. */
        MADE,
        IMAGES,
        TEXT
    }

    /** What stands for {@code --data} where the recipe makes it, in checkpoints and logs. */
    static final String GENERATED = "generated";

    /** Makes a recipe, its data loaded and its parameters initialised. */
    @FunctionalInterface
    private interface Maker {
        Recipe make(TrainOptions asked, NativeMemory memory) throws IOException;
    }

    private final Learns learns;
    private final Maker maker;

    Trainable(Learns learns, Maker maker) {
        this.learns = learns;
        this.maker = maker;
    }

    /** Their names on the command line. */
    static List<String> words() {
        return Arrays.stream(values()).map(Trainable::word).toList();
    }

    /** The one of a name that {@link #words} has. */
    static Trainable of(String word) {
        return Arrays.stream(values())
                .filter(model -> model.word().equals(word))
                .findFirst()
                .orElseThrow();
    }

    private String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    Recipe recipe(TrainOptions asked, NativeMemory memory) throws IOException {
        return maker.make(asked, memory);
    }

    /** @throws IllegalArgumentException if this net does not start from another's weights */
    void requireBackbone() {
        if (this != TRANSFER) {
            throw new IllegalArgumentException(word() + " begins with weights of its own; --backbone is for transfer");
        }
    }

    /** @throws IllegalArgumentException if this net cannot learn from what {@code --data} names */
    void require(String data) {
        if (learns == Learns.MADE) {
            if (!data.equals(GENERATED)) {
                throw new IllegalArgumentException(word() + " makes its own data; leave --data " + data + " out");
            }
            return;
        }
        try {
            if (learns == Learns.IMAGES) {
                DataSource.parseImages(data);
            } else {
                DataSource.parseText(data);
            }
        } catch (IllegalArgumentException e) {
            String kind = learns == Learns.IMAGES ? "images" : "text";
            throw new IllegalArgumentException(word() + " learns from " + kind + ": " + e.getMessage(), e);
        }
    }
}
