package io.gatun.perf;

import io.gatun.nn.log.JsonLine;
import io.gatun.perf.step.Precision;
import io.gatun.perf.train.Regularization;
import io.gatun.perf.train.TrainOptions;
import io.gatun.perf.train.TrainRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Trains a net, shows how it does, and leaves a folder with a checkpoint, logs and a report. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Train a net on data that it makes, on class names of the running JDK, or on yours.")
final class TrainCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            completionCandidates = Models.class,
            description = "One of ${COMPLETION-CANDIDATES}")
    private String model;

    @Option(
            names = "--data",
            paramLabel = "DATA",
            description =
                    "Images: shapes (default), cifar10:DIR, mnist:DIR, cifar100:DIR, or folder:DIR with pictures in"
                            + " DIR/train/CLASS and DIR/test/CLASS, or in DIR/CLASS, of which the seed then chooses a"
                            + " fifth to test on. Text: jdk (default), text:FILE. Some models make their own data.")
    private String data;

    @Option(names = "--epochs", paramLabel = "N", description = "Default: what reaches the promised result")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Default: the model's")
    private Integer batch;

    @Option(
            names = "--lr",
            paramLabel = "RATE",
            description = "Peak learning rate of the schedule. Default: the model's")
    private Float learningRate;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            description =
                    "With --backend cuda: tf32, or bf16 or f16 for mixed precision, products and convolutions in 16"
                            + " bits with parameters and sums in float, and scaled losses with f16. Default: f32")
    private String precision;

    @Option(
            names = "--l1",
            paramLabel = "FACTOR",
            description = "Add FACTOR times the sum of |w| over all weights to the training loss. Default: 0")
    private Float l1;

    @Option(
            names = "--l2",
            paramLabel = "FACTOR",
            description = "Add FACTOR times the sum of w² over all weights to the training loss, beside the optimizer's"
                    + " weight decay. Default: 0")
    private Float l2;

    @Option(
            names = "--patience",
            paramLabel = "N",
            description =
                    "Stop when the test loss has not become better in N epochs; the report and best.safetensors are"
                            + " of the best one. 0: do all epochs. Default: 0")
    private Integer patience;

    @Option(names = "--seed", paramLabel = "N", description = "Of weights, data and their order. Default: 1")
    private Long seed;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, onednn, simd, reference or cuda. Default: ${DEFAULT-VALUE}")
    private String backend;

    @Mixin
    private DeviceOption device;

    @Option(names = "--threads", paramLabel = "N", description = "Default: one a processor")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "The checkpoint. Logs and report.html go into its folder, or into FILE.run where it has another"
                            + " name. Default: runs/MODEL/checkpoint.safetensors")
    private Path out;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "STEPS",
            defaultValue = "100",
            description = "Also save within an epoch; 0: only after each. Default: ${DEFAULT-VALUE}")
    private int every;

    @Option(names = "--resume", description = "Continue the run whose checkpoint is at --out, exactly")
    private boolean resume;

    @Option(
            names = "--tensorboard",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "Write an event file for TensorBoard: losses and metrics, histograms of the weights, samples, the"
                            + " net's graph, the settings. Default: yes")
    private boolean tensorBoard;

    @Option(names = "--json", description = "End with one line of JSON")
    private boolean json;

    @Option(
            names = "--backbone",
            paramLabel = "FILE",
            description = "transfer: start from this ResNet, a checkpoint or a safetensors file in PyTorch's names")
    private Path backbone;

    @Spec
    private CommandSpec command;

    TrainCommand() {}

    /** What the help lists. */
    static final class Models implements Iterable<String> {
        Models() {}

        @Override
        public Iterator<String> iterator() {
            return TrainOptions.MODELS.iterator();
        }
    }

    @Override
    public Integer call() throws IOException {
        device.choose(backend);
        TrainOptions options = new TrainOptions(
                model,
                backend,
                threads,
                batch,
                epochs,
                seed,
                learningRate,
                precision == null ? null : Precision.of(precision),
                data,
                out,
                every,
                resume,
                tensorBoard,
                backbone,
                new Regularization(l1, l2, patience));
        PrintWriter lines = command.commandLine().getOut();
        var result = new TrainRun(options, lines).run();
        if (json) {
            lines.println(JsonLine.of(result));
        }
        return 0;
    }
}
