package io.gatun.perf.suite;

import io.gatun.perf.jmh.AnchorKind;
import io.gatun.perf.jmh.AnchorProfiler;
import io.gatun.perf.jmh.KernelBenchmark;
import io.gatun.perf.jmh.StepBenchmark;
import io.gatun.perf.results.Measurement;
import io.gatun.spec.Spec;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs benchmarks in JVMs of JMH's, one after the other. */
public final class SuiteRun {
    private static final Pattern FAILURE = Pattern.compile("<failure>\\s*(\\S.*)");

    private final JmhOptions user;
    private final boolean silent;
    private final String date = LocalDate.now(ZoneOffset.UTC).toString();
    private final String revision = Revision.current();

    /**
     * With JMH's own options.
     *
     * @param silent leaves JMH's own output out, unless the options ask for some
     */
    public SuiteRun(JmhOptions user, boolean silent) {
        this.user = user;
        this.silent = silent;
    }

    /**
     * Measures one benchmark beside its anchor.
     *
     * @throws IllegalStateException if it fails, saying why
     */
    public Measurement run(Benchmark benchmark) {
        boolean step = Problem.isStep(benchmark.line());
        AnchorKind anchor = step ? AnchorKind.ofStep() : AnchorKind.of(Spec.parse(benchmark.line()));
        Class<?> type = step ? StepBenchmark.class : KernelBenchmark.class;
        ChainedOptionsBuilder options = new OptionsBuilder()
                .parent(user)
                .include("^" + Pattern.quote(type.getName() + "."))
                .param(step ? "net" : "spec", step ? Problem.net(benchmark.line()) : benchmark.line())
                .param("backend", benchmark.backend())
                .param("threads", Integer.toString(benchmark.threads()))
                .addProfiler(AnchorProfiler.class, AnchorProfiler.options(anchor, benchmark.threads()))
                .shouldFailOnError(true);
        if (!user.getJvmArgs().hasValue()) {
            options.jvmArgs(jvmArguments());
        }
        ByteArrayOutputStream hidden = new ByteArrayOutputStream();
        try {
            return measurement(
                    benchmark, anchor, runner(options.build(), hidden).run());
        } catch (RunnerException e) {
            throw new IllegalStateException(
                    "'" + benchmark.id() + "' failed: " + reason(e, hidden.toString(StandardCharsets.UTF_8)), e);
        }
    }

    private Runner runner(Options options, ByteArrayOutputStream hidden) {
        return silent && !user.verbosity().hasValue()
                ? new Runner(
                        options,
                        OutputFormatFactory.createFormatInstance(
                                new PrintStream(hidden, true, StandardCharsets.UTF_8), VerboseMode.NORMAL))
                : new Runner(options);
    }

    private Measurement measurement(Benchmark benchmark, AnchorKind anchor, Collection<RunResult> runs) {
        List<Double> nanos = new ArrayList<>();
        List<Double> anchors = new ArrayList<>();
        String implementation = "unknown";
        for (RunResult run : runs) {
            for (BenchmarkResult fork : run.getBenchmarkResults()) {
                for (IterationResult iteration : fork.getIterationResults()) {
                    nanos.add(iteration.getPrimaryResult().getScore());
                    for (Result<?> result : iteration.getSecondaryResults().values()) {
                        String label = result.getLabel();
                        if (label.equals(AnchorProfiler.ANCHOR)) {
                            anchors.add(result.getScore());
                        } else if (label.startsWith(AnchorProfiler.IMPLEMENTATION)) {
                            implementation = label.substring(AnchorProfiler.IMPLEMENTATION.length());
                        }
                    }
                }
            }
        }
        return new Measurement(
                benchmark.line(),
                benchmark.backend(),
                implementation,
                benchmark.threads(),
                anchor.text(),
                nanos.stream().mapToDouble(Double::doubleValue).toArray(),
                anchors.stream().mapToDouble(Double::doubleValue).toArray(),
                date,
                revision);
    }

    /** What this JVM was told to be like, such as narrower vectors, those that measure are too. */
    private static String[] jvmArguments() {
        List<String> arguments = new ArrayList<>(List.of(
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx2g",
                "--sun-misc-unsafe-memory-access=allow"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("-XX:") || argument.startsWith("-Dgatun."))
                .forEach(arguments::add);
        return arguments.toArray(String[]::new);
    }

    /** JMH says that a benchmark threw; what it threw stands in the output, behind a mark. */
    private static String reason(RunnerException e, String output) {
        Matcher failure = FAILURE.matcher(output);
        return failure.find() ? failure.group(1) : e.getMessage();
    }
}
