package io.gatun.perf;

import io.gatun.nn.log.JsonLine;
import io.gatun.perf.train.TrainOptions;
import io.gatun.perf.train.TrainRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Trains a net, shows how it does, and leaves a folder with a checkpoint, logs and a report. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = "Train a net on data that it makes, on class names of the running JDK, or on yours.")
final class TrainCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            completionCandidates = Models.class,
            description = "One of ${COMPLETION-CANDIDATES}")
    private String model;

    @Option(names = "--backend", defaultValue = "auto", description = "auto, onednn, simd or reference")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", description = "Default: one a processor")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--batch", paramLabel = "N", description = "Default: the model's")
    private Integer batch;

    @Option(names = "--epochs", paramLabel = "N", description = "Default: what reaches the promised result")
    private Integer epochs;

    @Option(names = "--seed", paramLabel = "N", description = "Of weights, data and their order. Default: 1")
    private Long seed;

    @Option(names = "--lr", paramLabel = "RATE", description = "Peak learning rate of the schedule")
    private Float learningRate;

    @Option(
            names = "--data",
            description =
                    "Images: shapes (default), cifar10:DIR, mnist:DIR, cifar100:DIR. Text: jdk (default), text:FILE."
                            + " linear, logistic and mlp make their own")
    private String data;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = {
                "The checkpoint; default: runs/MODEL/checkpoint.safetensors.",
                "Logs and report.html go into its folder, or into FILE.run where it has another name."
            })
    private Path out;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "STEPS",
            defaultValue = "100",
            description = "Also save within an epoch; 0: only after each. Default: ${DEFAULT-VALUE}")
    private int every;

    @Option(names = "--resume", description = "Continue the run whose checkpoint is at --out, exactly")
    private boolean resume;

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
        TrainOptions options = new TrainOptions(
                model, backend, threads, batch, epochs, seed, learningRate, data, out, every, resume, backbone);
        PrintWriter lines = command.commandLine().getOut();
        var result = new TrainRun(options, lines).run();
        if (json) {
            lines.println(JsonLine.of(result));
        }
        return 0;
    }
}
