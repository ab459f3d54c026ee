package io.gatun.perf;

import io.gatun.nn.log.JsonLine;
import io.gatun.perf.step.Net;
import io.gatun.perf.step.Precision;
import io.gatun.perf.step.ProfileTable;
import io.gatun.perf.step.StepReport;
import io.gatun.perf.step.StepTimer;
import io.gatun.perf.step.TrainingStep;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Times the training steps of a net on one random batch, and checks its first losses with another backend. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = "Time training steps of a net on random data: rate, share of the machine's peak, memory.")
final class BenchTrainCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "resnet20, resnet18c, resnet50, vgg16, lstm, gru, transformer or mlp")
    private String model;

    @Option(names = "--backend", defaultValue = "auto", description = "auto, onednn, simd, reference or cuda")
    private String backend;

    @Mixin
    private DeviceOption device;

    @Option(names = "--threads", paramLabel = "N", description = "Default: one a processor")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--batch", paramLabel = "N", description = "Default: what is usual for the model")
    private Integer batch;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = "f32",
            description = "f32, tf32, bf16 or f16; 16 bits for --backend cuda. Default: ${DEFAULT-VALUE}")
    private String precision;

    @Option(names = "--warmups", paramLabel = "N", description = "Steps before. Default: three seconds, 5 at least")
    private Integer warmups;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "10", description = "Default: ${DEFAULT-VALUE}")
    private int steps;

    @Option(names = "--profile", description = "Also print where the time of a step goes.")
    private boolean profile;

    @Option(names = "--json", description = "End with one line of JSON")
    private boolean json;

    @Spec
    private CommandSpec command;

    BenchTrainCommand() {}

    @Override
    public Integer call() {
        if (steps < 1 || warmups != null && warmups < 0) {
            throw new IllegalArgumentException("--steps " + steps + " --warmups " + warmups
                    + ": give at least one step to time, and no fewer than 0 before");
        }
        device.choose(backend);
        Net net = Net.of(model);
        Precision chosen = Precision.of(precision);
        chosen.requireBackend(backend);
        chosen.choose();
        StepReport report;
        try (TrainingStep step = new TrainingStep(net, backend, threads, batch == null ? net.batch() : batch, chosen)) {
            report = warmups == null
                    ? StepTimer.run(step, backend, 5, 3, steps)
                    : StepTimer.run(step, backend, warmups, 0, steps);
        }
        PrintWriter out = command.commandLine().getOut();
        print(out, report);
        if (profile) {
            out.println();
            ProfileTable.of(report).forEach(out::println);
        }
        TrainingStep.check(net, backend, threads, chosen);
        if (json) {
            out.println(JsonLine.of(report.json()));
        }
        return 0;
    }

    private static void print(PrintWriter out, StepReport r) {
        out.println(String.format(
                Locale.ROOT,
                "%s, batch %d, on %s with %d %s: median %.2f ms, best %.2f ms, %.1f %s",
                r.net().word(),
                r.batch(),
                r.backend(),
                r.threads(),
                r.threads() == 1 ? "thread" : "threads",
                r.medianMillis(),
                r.bestMillis(),
                r.rate(),
                r.unit()));
        // What the host's threads reach says nothing of a GPU.
        String share = r.backend().equals("cuda")
                ? ""
                : String.format(
                        Locale.ROOT,
                        ", %.0f %% of the %.0f that these threads reach in multiply-adds",
                        100e9 * r.gflops() / r.peak(),
                        r.peak() / 1e9);
        out.println(String.format(
                Locale.ROOT,
                "  %.1f GFLOP/s%s; peak RSS %.0f MB; %.0f bytes of heap a step; first step done %.2f s after the start",
                r.gflops(),
                share,
                r.peakRss() / (double) (1 << 20),
                r.allocated(),
                r.firstStep()));
    }
}
