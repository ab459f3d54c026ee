package io.gatun.perf;

import io.gatun.nn.log.JsonLine;
import io.gatun.perf.bench.Bench;
import io.gatun.perf.bench.ConvLayers;
import io.gatun.perf.bench.DisagreementException;
import io.gatun.perf.bench.RefusedException;
import io.gatun.perf.bench.Result;
import io.gatun.perf.suite.Suite;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.Spec;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs implementations of a spec in turn, checks that they agree, and says how fast each is. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        subcommands = BenchTrainCommand.class,
        description = "Time implementations of one problem in turn in one process, after checking that they agree.")
final class BenchCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "SPEC",
            description =
                    "The problem in one line, as logs print it: \"gemm f32 m=64 n=64 k=64\". None: the quick ones of"
                            + " the suite.")
    private String line;

    @Option(
            names = "--set",
            paramLabel = "NET",
            description = "In place of a SPEC: the convolutions of resnet20, resnet18c or resnet50 in three directions,"
                    + " and the geometric means of the ratios.")
    private String set;

    @Option(
            names = "--only",
            paramLabel = "WORD",
            description = "Of a set, those problems whose line contains this, such as backward_data or \"kh=3\".")
    private String only = "";

    @Option(
            names = "--vs",
            split = ",",
            defaultValue = "simd,onednn",
            paramLabel = "NAME",
            description = "Implementations, of onednn, simd, reference, cuda, copy, which moves as many bytes, and"
                    + " torch, which is PyTorch in the Python that PYTHON names; the first is compared with the"
                    + " second. Default: ${DEFAULT-VALUE}")
    private List<String> names;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of each. Default: one a processor")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--seconds",
            defaultValue = "2",
            paramLabel = "S",
            description = "Timing of each problem, after half as long a warm-up. Default: ${DEFAULT-VALUE}")
    private double seconds;

    @Option(names = "--json", description = "One JSON object a line for each implementation.")
    private boolean json;

    @picocli.CommandLine.Spec
    private CommandSpec command;

    BenchCommand() {}

    @Override
    public Integer call() {
        if (!(seconds > 0 && seconds <= 3600)) {
            throw new IllegalArgumentException("--seconds " + seconds + " is not within 0 and 3600");
        }
        List<Spec> specs = specs();
        Map<String, List<Double>> ratios = new TreeMap<>();
        PrintWriter out = command.commandLine().getOut();
        PrintWriter err = command.commandLine().getErr();
        int code = 0;
        try (Bench bench = new Bench(names, threads)) {
            for (Spec spec : specs) {
                try {
                    Bench.Outcome outcome = bench.run(spec, seconds);
                    print(out, spec, outcome);
                    if (names.size() > 1) {
                        double ratio = outcome.results().getFirst().ratio().median();
                        ratios.computeIfAbsent(direction(spec), key -> new ArrayList<>())
                                .add(ratio);
                        ratios.computeIfAbsent("all", key -> new ArrayList<>()).add(ratio);
                    }
                } catch (RefusedException e) {
                    if (line != null) {
                        throw e;
                    }
                    err.println(Errors.sentence(e));
                } catch (DisagreementException e) {
                    err.println(Errors.sentence(e));
                    code = Errors.FAILED;
                }
            }
        }
        if (set != null && !json) {
            ratios.forEach((key, values) -> out.println(String.format(
                    Locale.ROOT,
                    "%s: geometric mean of %d ratios %.3f",
                    key,
                    values.size(),
                    Math.exp(values.stream().mapToDouble(Math::log).average().orElseThrow()))));
        }
        return code;
    }

    private List<Spec> specs() {
        if (line != null && set != null) {
            throw new IllegalArgumentException("a SPEC and --set " + set + " are given: give one of them");
        }
        if (set != null) {
            return ConvLayers.of(set).stream()
                    .filter(spec -> spec.toString().contains(only))
                    .toList();
        }
        return line == null ? Suite.quickSpecs() : List.of(Spec.parse(line));
    }

    private static String direction(Spec spec) {
        return spec instanceof ConvSpec conv ? conv.direction().name().toLowerCase(Locale.ROOT) : "other";
    }

    private void print(PrintWriter out, Spec spec, Bench.Outcome outcome) {
        if (json) {
            outcome.results().forEach(result -> out.println(JsonLine.of(result.json())));
            return;
        }
        out.println(spec + "  (" + threads + (threads == 1 ? " thread)" : " threads)"));
        for (Result r : outcome.results()) {
            out.println(String.format(
                    Locale.ROOT,
                    "  %-10s median %9.4f ms   best %9.4f ms   %8.1f %-8s %s",
                    r.implementation(),
                    r.medianMillis(),
                    r.bestMillis(),
                    r.rate(),
                    r.unit(),
                    r.kernel()));
        }
        if (outcome.results().size() > 1) {
            Result first = outcome.results().getFirst();
            out.println(String.format(
                    Locale.ROOT,
                    "  %s is %.2f times as fast as %s (quartiles %.2f to %.2f); largest difference %.1e",
                    first.implementation(),
                    first.ratio().median(),
                    outcome.results().get(1).implementation(),
                    first.ratio().low(),
                    first.ratio().high(),
                    outcome.difference()));
            if (outcome.once() < 1) {
                out.println(String.format(
                        Locale.ROOT,
                        "  copy moved what must be read twice twice; each byte counted once: %.2f",
                        first.ratio().median() * outcome.once()));
            }
        }
    }
}
