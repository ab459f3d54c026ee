package io.gatun.perf;

import io.gatun.kernel.Choices;
import io.gatun.kernel.Plan;
import io.gatun.perf.bench.DisagreementException;
import io.gatun.perf.bench.Tuning;
import io.gatun.perf.results.Environment;
import io.gatun.perf.step.Net;
import io.gatun.perf.step.TrainingStep;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures where the other backend would be faster than the one that {@code auto}'s rules take, and keeps that. */
@Command(
        name = "tune",
        mixinStandardHelpOptions = true,
        description =
                "Race simd and onednn on every problem of a net that both have a kernel for, and write those where"
                        + " auto's rules are wrong on this machine to a file for -Dgatun.choices=FILE.")
final class TuneCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..*",
            paramLabel = "MODEL",
            description =
                    "resnet20, resnet18c, resnet50, vgg16, lstm, gru, transformer or mlp, trained at their usual batch")
    private List<String> models = List.of();

    @Option(
            names = "--specs",
            paramLabel = "FILE",
            description = "Also the problems in this file, one a line, as -Dgatun.explain=true logs them.")
    private Path specs;

    @Option(
            names = "--save",
            required = true,
            paramLabel = "FILE",
            description = "What to write, replaced if it exists")
    private Path save;

    @Option(names = "--batch", paramLabel = "N", description = "Default: what is usual for the model")
    private Integer batch;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of each. Default: one a processor")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--seconds",
            defaultValue = "1",
            paramLabel = "S",
            description = "Timing of each problem, after half as long a warm-up. Default: ${DEFAULT-VALUE}")
    private double seconds;

    @picocli.CommandLine.Spec
    private CommandSpec command;

    TuneCommand() {}

    @Override
    public Integer call() throws IOException {
        if (!(seconds > 0 && seconds <= 3600)) {
            throw new IllegalArgumentException("--seconds " + seconds + " is not within 0 and 3600");
        }
        Path folder = save.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--save " + save + " is in no folder that exists; make " + folder);
        }
        PrintWriter out = command.commandLine().getOut();
        Choices choices = Choices.NONE;
        int code = 0;
        List<Spec> problems = problems();
        try (Tuning tuning = new Tuning(threads)) {
            for (Spec spec : tuning.contested(problems)) {
                try {
                    Tuning.Verdict verdict = tuning.race(spec, seconds);
                    out.println(line(verdict));
                    choices = verdict.differs() ? choices.with(spec, verdict.fastest()) : choices;
                } catch (DisagreementException e) {
                    command.commandLine().getErr().println(Errors.sentence(e));
                    code = Errors.FAILED;
                }
            }
        }
        choices.write(save, heading());
        out.println(
                choices.size() + " of the rules are wrong here; " + save + " has them, for -Dgatun.choices=" + save);
        return code;
    }

    private List<Spec> problems() throws IOException {
        if (models.isEmpty() && specs == null) {
            throw new IllegalArgumentException("nothing to tune: give a MODEL, or --specs FILE");
        }
        List<Net> nets = models.stream().map(Net::of).toList();
        List<Spec> problems = new ArrayList<>();
        if (specs != null) {
            List<String> lines = Files.readAllLines(specs);
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).isBlank()) {
                    continue;
                }
                try {
                    problems.add(Spec.parse(lines.get(i)));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(specs + ", line " + (i + 1) + ": " + e.getMessage(), e);
                }
            }
        }
        for (Net net : nets) {
            try (TrainingStep step = new TrainingStep(net, "auto", threads, batch == null ? net.batch() : batch)) {
                step.run();
                step.kernels().plans().stream().map(Plan::spec).forEach(problems::add);
            }
        }
        return problems;
    }

    private List<String> heading() {
        List<String> heading = new ArrayList<>();
        heading.add("Where auto's rules were measured to be wrong: for -Dgatun.choices, on this kind of machine.");
        Environment.here().facts().forEach((name, fact) -> heading.add(name + ": " + fact));
        heading.add("threads: " + threads);
        return heading;
    }

    private static String line(Tuning.Verdict verdict) {
        return String.format(
                Locale.ROOT,
                "simd %.2f (%.2f to %.2f) times onednn: %s  %s",
                verdict.ratio().median(),
                verdict.ratio().low(),
                verdict.ratio().high(),
                verdict.differs() ? verdict.rule() + " -> " + verdict.fastest() : verdict.rule(),
                verdict.spec());
    }
}
