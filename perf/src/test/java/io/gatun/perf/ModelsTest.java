package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.io.Safetensors;
import io.gatun.nn.io.SafetensorsFile;
import io.gatun.nn.log.ReportPage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each model of docs/guide/models.md reaches its kind of result, by the command line, in less time than the whole run. */
@Timeout(60)
class ModelsTest {
    @TempDir
    private Path folder;

    /** What {@code --json} says at the end of a run of so many epochs; its folder is {@link #folder}/run. */
    private Map<String, Object> train(String model, int epochs, String... more) throws IOException {
        Cli.Result result = Cli.run(arguments(model, epochs, more));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("result ");
        return TrainCommandTest.json(result.lastLine());
    }

    private String[] arguments(String model, int epochs, String... more) {
        List<String> arguments = new ArrayList<>(List.of("train", model, "--backend", "simd", "--threads", "2"));
        arguments.addAll(List.of("--json", "--epochs", Integer.toString(epochs)));
        arguments.addAll(
                List.of("--out", folder.resolve("run/checkpoint.safetensors").toString()));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    private ReportPage report() throws Exception {
        return ReportPage.read(folder.resolve("run/report.html"));
    }

    /** The noise leaves R² at most 0.987; untrained weights have one below 0. */
    @Test
    void linearRegressionFindsTheWeights() throws Exception {
        Map<String, Object> json = train("linear", 5);
        assertThat((double) json.get("weight_error")).isLessThan(0.05);
        // The noise's variance is 0.25.
        assertThat((double) json.get("test_loss")).isBetween(0.2, 0.3);
        assertThat(report().text("texts")).contains("learned", "true", "w8", "-1.250");
        assertThat(Files.readString(folder.resolve("run/log.csv"))).contains("r2");

        // What was generated for the checkpoint's run is generated again, and nothing is left to learn.
        Cli.Result resumed = Cli.run(
                "train",
                "linear",
                "--resume",
                "--json",
                "--out",
                folder.resolve("run/checkpoint.safetensors").toString());
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.out()).contains("resumed ", "625 steps done");
        assertThat(TrainCommandTest.json(resumed.lastLine())).containsEntry("weight_error", json.get("weight_error"));
    }

    @Test
    void logisticRegressionIsAsGoodAsTheTrueWeights() throws Exception {
        Map<String, Object> json = train("logistic", 5);
        double best = (double) json.get("best_accuracy");
        assertThat(best).isBetween(0.8, 0.95);
        assertThat((double) json.get("test_accuracy")).isGreaterThan(best - 0.015);
        assertThat(report().text("metrics")).contains("roc auc");
    }

    /** Novikoff's theorem: mistakes come to an end where a plane separates the classes. */
    @Test
    void aPerceptronsMistakesComeToAnEnd() throws Exception {
        Map<String, Object> json = train("perceptron", 10);
        assertThat((double) json.get("train_errors")).isZero();
        assertThat((double) json.get("test_accuracy")).isGreaterThan(0.98);
    }

    /** Centres from k-means alone make the spirals separable by a plane. */
    @Test
    void gaussianUnitsTellSpiralsApart() throws Exception {
        Map<String, Object> json = train("rbf", 2);
        assertThat((double) json.get("test_accuracy")).isGreaterThan(0.99);
        assertThat(report().text("pictures")).contains("what the net says");
    }

    /** The best line is right on 67 %. */
    @Test
    void perceptronsTellSpiralsApart() throws Exception {
        Map<String, Object> json = train("mlp", 20);
        assertThat((double) json.get("test_accuracy")).isGreaterThan(0.95);
        assertThat(report().text("pictures")).contains("what the net says");
    }

    /** Two of the ten classes of that set have pictures, dark and bright ones. */
    @Test
    void leNetTellsBrightFromDark() throws Exception {
        Map<String, Object> json = train("lenet5", 8, "--batch", "8", "--data", "cifar10:" + Cli.cifar(folder));
        assertThat((double) json.get("test_accuracy")).isEqualTo(1);
        assertThat(report().all("img")).hasSize(8);
    }

    @Test
    void vggTellsBrightFromDark() throws Exception {
        String data = "cifar10:" + Cli.cifar(folder);
        Map<String, Object> json = train("vgg", 3, "--batch", "8", "--lr", "0.02", "--data", data);
        assertThat((double) json.get("test_accuracy")).isEqualTo(1);
    }

    /** Five steps of eleven million parameters; the batch norms' statistics take more of them to settle. */
    @Test
    void resNet18Trains() throws Exception {
        String data = "cifar10:" + Cli.cifar(folder);
        Cli.Result result =
                Cli.run(arguments("resnet18", 1, "--batch", "8", "--lr", "0.01", "--no-tensorboard", "--data", data));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("resnet18, 11,181,642 parameters", "with 1000 classes the net would have 11,689,512");
        assertThat((double) TrainCommandTest.json(result.lastLine()).get("test_loss"))
                .isLessThan(Math.log(10));
    }

    /** Three steps of the nets whose blocks begin at zero: with a rate of 1e-6 of theirs the loss stays where it was. */
    @ParameterizedTest
    @Tag("heavy")
    @CsvSource({"resnet34, '21,289,802', '21,797,672'", "resnet50, '23,528,522', '25,557,032'"})
    void theDeepestNetsTrain(String model, String parameters, String published) throws Exception {
        Cli.Result result = Cli.run(
                arguments(model, 3, "--batch", "40", "--no-tensorboard", "--data", "cifar10:" + Cli.cifar(folder)));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains(model + ", " + parameters + " parameters", published);
        List<Double> losses = Files.readAllLines(folder.resolve("run/log.csv")).stream()
                .skip(1)
                .map(line -> Double.valueOf(line.split(",")[2]))
                .toList();
        assertThat(losses).hasSize(3);
        assertThat(losses.getLast()).isLessThan(0.8 * losses.getFirst());
    }

    /** Four nets side by side, each with its figures; on so few pictures depth is no question yet. */
    @Test
    void plainAndResidualNetsLearnSideBySide() throws Exception {
        Map<String, Object> json = train(
                "degradation",
                2,
                "--batch",
                "4",
                "--lr",
                "0.05",
                "--no-tensorboard",
                "--data",
                "cifar10:" + Cli.cifar(folder));
        for (String net : List.of("plain20", "plain56", "resnet20", "resnet56")) {
            assertThat((double) json.get(net + "_training_loss")).as(net).isPositive();
            assertThat((double) json.get(net + "_training_error")).as(net).isBetween(0.0, 1.0);
        }
        assertThat((double) json.get("resnet20_training_loss")).isLessThan(1);
        assertThat((double) json.get("test_loss"))
                .isCloseTo(
                        json.entrySet().stream()
                                .filter(e -> e.getKey().endsWith("_training_loss"))
                                .mapToDouble(e -> (double) e.getValue())
                                .sum(),
                        within(1e-4));
    }

    /** From a checkpoint of this program: the backbone stays as it was while only the head learns. */
    @Test
    void aHeadLearnsOnAFrozenBackbone() throws Exception {
        String known = "cifar10:" + Cli.cifar(folder);
        // Twenty steps, for the statistics that the frozen batch norms use.
        train("resnet20", 2, "--batch", "4", "--lr", "0.05", "--no-tensorboard", "--data", known);
        Path backbone = Files.move(folder.resolve("run/checkpoint.safetensors"), folder.resolve("backbone"));
        String data = "cifar10:" + Cli.cifar(folder.resolve("others"), 8);
        Map<String, Object> json = train(
                "transfer", 1, "--batch", "50", "--no-tensorboard", "--data", data, "--backbone", backbone.toString());
        assertThat(json)
                .containsKeys("head_only_accuracy", "random_backbone_accuracy", "from_scratch_accuracy")
                .containsEntry("head_only_accuracy", json.get("test_accuracy"));
        assertThat((double) json.get("test_accuracy")).isEqualTo(1);
        assertThat(report().text("texts")).contains("from scratch");
        try (SafetensorsFile before = Safetensors.open(backbone);
                SafetensorsFile after = Safetensors.open(folder.resolve("run/checkpoint.safetensors"))) {
            for (String name : List.of("layer3.2.conv2.weight", "layer1.0.bn1.weight", "bn1.running_mean")) {
                assertThat(bytes(after, name)).as(name).isEqualTo(bytes(before, name));
            }
        }
    }

    private static byte[] bytes(SafetensorsFile file, String tensor) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(file.tensor(tensor).byteSize());
            file.read(tensor, data);
            return data.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** Pictures that are dark or bright as a whole: one number explains most of what the mean image leaves. */
    @Test
    void autoencoderDrawsBetterThanTheMeanImage() throws Exception {
        Map<String, Object> json = train("autoencoder", 10, "--batch", "8", "--data", "cifar10:" + Cli.cifar(folder));
        assertThat((double) json.get("mean_image_loss")).isGreaterThan(0.8);
        assertThat((double) json.get("explained")).isBetween(0.7, 1.0);
        assertThat(report().all("img")).hasSize(8);
    }

    /** Fourteen characters, equally often, each of which follows from the one before. */
    @Test
    void gptWritesTheAlphabet() throws Exception {
        Map<String, Object> json = train("gpt", 12, "--batch", "8", "--data", "text:" + Cli.text(folder));
        assertThat((double) json.get("test_loss")).isLessThan(0.3);
        assertThat(report().text("texts")).contains("abcdefghijklm");
    }

    /** Fourteen characters, equally often: log 14 for who knows nothing else. */
    @Test
    void charGruWritesTheAlphabet() throws Exception {
        Map<String, Object> json = train("chargru", 8, "--batch", "4", "--data", "text:" + Cli.text(folder));
        assertThat((double) json.get("test_loss")).isLessThan(0.8 * Math.log(14));
        assertThat(report().text("texts")).contains("abcd");
    }

    /** One epoch of twenty. Who writes letters at random is right on no word, and his loss is log 27 = 3.3. */
    @Test
    void wordsAreReversedAndSorted() throws Exception {
        Map<String, Object> json = train("seq2seq", 1, "--batch", "32");
        assertThat((double) json.get("reversed")).isGreaterThan(0.3);
        assertThat((double) json.get("sorted")).isGreaterThan(0.1);
        double both = ((double) json.get("reversed") + (double) json.get("sorted")) / 2;
        assertThat((double) json.get("test_accuracy")).isEqualTo(both);
        assertThat(report().text("texts")).contains("reverse ", "sort ");
        assertThat(report().all("img")).hasSize(4);
    }

    /** Twelve epochs leave the plateau of those who always say 1; what one of few steps cannot be is worse. */
    @Test
    void addingBeginsOnThePlateau() throws Exception {
        Map<String, Object> json = train("adding", 1, "--batch", "250");
        assertThat((double) json.get("always_one_loss")).isEqualTo(1 / 6.0);
        assertThat((double) json.get("test_loss")).isLessThan(0.19);
    }

    /** The last value is 0.55 off, and the noise leaves 0.08. */
    @Test
    void aRecurrentNetForecastsTheWave() throws Exception {
        Map<String, Object> json = train("sine", 1);
        assertThat((double) json.get("naive_mae")).isBetween(0.5, 0.6);
        assertThat(Files.readString(folder.resolve("run/log.csv"))).contains("mae");
        assertThat((double) json.get("test_loss")).isLessThan(0.05);
        assertThat(report().text("metrics")).contains("noise mae");
    }
}
