package io.gatun.perf;

import io.gatun.cuda.runtime.CudaContextLostException;
import io.gatun.kernel.DType;
import io.gatun.perf.bench.TorchPeer;
import io.gatun.perf.gpu.GpuFacts;
import io.gatun.perf.gpu.GpuLog;
import io.gatun.perf.gpu.GpuProblems;
import io.gatun.perf.gpu.Launches;
import io.gatun.perf.gpu.Operations;
import io.gatun.perf.gpu.Steps;
import io.gatun.perf.step.Net;
import io.gatun.perf.step.Precision;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** One section of measurements on the CUDA device. */
@Command(
        name = "measure",
        mixinStandardHelpOptions = true,
        description = "Measure one section on the CUDA device. PYTHON names the Python that has PyTorch.")
final class GpuMeasureCommand implements Callable<Integer> {
    /** What can be measured. */
    enum What {
        BANDWIDTH,
        OPTIMIZER,
        PRODUCTS,
        CONVOLUTIONS,
        STEPS,
        COMPILED_STEPS,
        LAUNCHES
    }

    /** Those of the goals. */
    private static final List<Steps.Problem> STEPS = List.of(
            new Steps.Problem(Net.RESNET50, 256),
            new Steps.Problem(Net.RESNET18C, 128),
            new Steps.Problem(Net.LSTM, Net.LSTM.batch()));

    @Parameters(
            index = "0",
            paramLabel = "SECTION",
            description = "bandwidth, optimizer, products, convolutions, steps, compiled_steps or launches")
    private What what;

    @Option(names = "--log", required = true, paramLabel = "FILE", description = "One JSON object a line.")
    private Path file;

    @Option(names = "--tiny", description = "Sizes for the emulator, whose times say nothing.")
    private boolean tiny;

    @Option(
            names = "--precision",
            defaultValue = "bf16",
            paramLabel = "P",
            description = "Of our training steps: f32, tf32, bf16 or f16. Default: ${DEFAULT-VALUE}")
    private String precision;

    @Option(
            names = "--net",
            paramLabel = "NET",
            description = "Of the training steps: resnet50, resnet18c or lstm alone. Default: all three")
    private String net;

    @picocli.CommandLine.Spec
    private CommandSpec command;

    GpuMeasureCommand() {}

    @Override
    public Integer call() throws IOException {
        Precision chosen = Precision.of(precision);
        List<Steps.Problem> problems = problems();
        GpuLog log = new GpuLog(file, command.commandLine().getOut(), GpuFacts.device());
        try {
            measure(log, chosen, problems);
        } catch (CudaContextLostException e) {
            command.commandLine().getErr().println(Errors.sentence(e));
            return Errors.LOST;
        }
        return log.failures() == 0 ? 0 : Errors.FAILED;
    }

    private void measure(GpuLog log, Precision chosen, List<Steps.Problem> problems) {
        switch (what) {
            case BANDWIDTH ->
                operations(log, 0.2).run(GpuProblems.bandwidth(tiny ? 1024 : GpuProblems.ELEMENTS), "copy", "");
            case OPTIMIZER -> {
                List<Spec> specs = GpuProblems.optimizer(tiny ? 1000 : GpuProblems.PARAMETERS);
                operations(log, 2).run(specs, "copy", "");
                operations(log, 2).run(specs, "torch", "");
            }
            case PRODUCTS -> products(log);
            case CONVOLUTIONS -> {
                List<Spec> specs = GpuProblems.convolutions(tiny ? 1 : GpuProblems.CONV_BATCH);
                operations(log, 0.15).run(tiny ? small(specs) : specs, "torch", "");
            }
            case STEPS -> steps(log, chosen, problems, false);
            case COMPILED_STEPS -> steps(log, chosen, problems, true);
            case LAUNCHES -> (tiny ? Launches.few(log) : Launches.on(log)).run();
        }
    }

    private Operations operations(GpuLog log, double seconds) {
        return new Operations(log, tiny ? 1e-3 : seconds);
    }

    private void products(GpuLog log) {
        int side = tiny ? 32 : GpuProblems.SIDE;
        Spec half = GpuProblems.product(DType.BF16, side);
        Spec single = GpuProblems.product(DType.F32, side);
        operations(log, 1).run(List.of(half, single), "torch", "");
        Precision.TF32.choose();
        operations(log, 1).run(List.of(single), "torch", " tf32");
    }

    /** One direction each of the last layers, which have the fewest pixels. */
    private static List<Spec> small(List<Spec> specs) {
        return specs.subList(specs.size() - 3, specs.size());
    }

    /** @throws IllegalArgumentException if {@code --net} names none of them */
    private List<Steps.Problem> problems() {
        List<Steps.Problem> wanted = STEPS.stream()
                .filter(problem -> net == null || problem.net().word().equals(net))
                .toList();
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException("--net " + net + " is not timed on a GPU; known are "
                    + STEPS.stream().map(problem -> problem.net().word()).collect(Collectors.joining(", ")));
        }
        return tiny ? List.of(new Steps.Problem(Net.MLP, 2)) : wanted;
    }

    private void steps(GpuLog log, Precision own, List<Steps.Problem> problems, boolean compiled) {
        // As PyTorch is fastest; and where ours are floats, in floats too.
        List<TorchPeer.Mode> modes = new ArrayList<>(List.of(new TorchPeer.Mode(true, true, compiled)));
        if (!compiled && own.storage() == DType.F32) {
            modes.add(new TorchPeer.Mode(own == Precision.TF32, false, false));
        }
        new Steps(log, tiny ? 1e-3 : 3).run(problems, own, modes);
    }
}
