package io.gatun.perf;

import io.gatun.perf.results.Environment;
import io.gatun.perf.results.Measurement;
import io.gatun.perf.results.Results;
import io.gatun.perf.results.ResultsFile;
import io.gatun.perf.suite.Benchmark;
import io.gatun.perf.suite.FigureTables;
import io.gatun.perf.suite.JmhOptions;
import io.gatun.perf.suite.Problem;
import io.gatun.perf.suite.Suite;
import io.gatun.perf.suite.SuiteRun;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The regression suite: {@code gatun jmh conv.*depthwise -prof gc}. What is not an option of this command is JMH's. JMH
 * starts its measuring JVMs with the class path of this one, so a module path becomes the class path first.
 */
@Command(
        name = "jmh",
        description = "Run the regression suite on JMH, each benchmark beside an anchor. Options that are not listed"
                + " here are JMH's (gatun jmh -h).")
final class JmhCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..*",
            paramLabel = "PATTERN",
            description = "Regular expressions for 'NET: SPEC', such as 'resnet.*conv'. None: the quick selection, at"
                    + " least one of every kernel family, in about eleven minutes.")
    private List<String> arguments = List.of();

    @Option(names = "--all", description = "All benchmarks, in about twenty-six minutes.")
    private boolean all;

    @Option(names = "--list", description = "Name the benchmarks and run none.")
    private boolean list;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of each. Default: one a processor")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--save",
            paramLabel = "FILE",
            description = "Write samples, machine and versions as JSON; what FILE already has of the same machine stays"
                    + " unless it is measured anew.")
    private Path save;

    @Option(names = "--missing", description = "Only what the FILE of --save does not have yet.")
    private boolean missing;

    @Option(names = "--seconds", paramLabel = "S", description = "Start no benchmark after that long.")
    private Double seconds;

    @Option(
            names = "--table",
            paramLabel = "FILE",
            description = "Run nothing: write FILE's figures between the marks of the Markdown files that are named.")
    private Path table;

    @Option(names = "--help", usageHelp = true, description = "Show this help message and exit.")
    private boolean help;

    @Spec
    private CommandSpec command;

    JmhCommand() {}

    @Override
    public Integer call() throws Exception {
        if (table != null) {
            return writeTables();
        }
        for (String argument : arguments) {
            // JMH's own options have one dash, and it would take this for a pattern.
            if (argument.startsWith("--")) {
                throw new IllegalArgumentException(
                        "unknown option '" + argument + "': see gatun jmh --help, and gatun jmh -h for JMH's");
            }
        }
        if (missing && save == null) {
            throw new IllegalArgumentException("--missing asks what a file does not have: give it with --save FILE");
        }
        String modulePath = System.getProperty("jdk.module.path");
        if (modulePath != null && !modulePath.isEmpty()) {
            System.setProperty("java.class.path", jars(modulePath));
        }
        JmhOptions jmh = JmhOptions.of(arguments);
        if (jmh.shouldHelp()
                || jmh.shouldList()
                || jmh.shouldListWithParams()
                || jmh.shouldListProfilers()
                || jmh.shouldListResultFormats()) {
            org.openjdk.jmh.Main.main(arguments.toArray(String[]::new));
            return 0;
        }
        List<Benchmark> benchmarks = benchmarks(jmh);
        PrintWriter out = command.commandLine().getOut();
        if (list) {
            benchmarks.forEach(benchmark -> out.println(benchmark.id()));
            return 0;
        }
        Results results = saved();
        if (missing) {
            benchmarks = benchmarks.stream()
                    .filter(one -> results.get(one.id()) == null)
                    .toList();
        }
        return run(benchmarks, results, new SuiteRun(jmh, save != null));
    }

    private int run(List<Benchmark> benchmarks, Results before, SuiteRun suite) throws IOException {
        PrintWriter out = command.commandLine().getOut();
        Results results = before;
        long start = System.nanoTime();
        int done = 0;
        int failed = 0;
        for (Benchmark benchmark : benchmarks) {
            if (seconds != null && System.nanoTime() - start > seconds * 1e9) {
                break;
            }
            try {
                Measurement measurement = suite.run(benchmark);
                out.println(FigureTables.line(measurement));
                results = results.with(measurement);
                if (save != null) {
                    ResultsFile.write(save, results);
                }
            } catch (IllegalStateException e) {
                command.commandLine().getErr().println(Errors.sentence(e));
                failed++;
            }
            done++;
        }
        out.println(done + " of " + benchmarks.size() + " benchmarks run in "
                + Math.round((System.nanoTime() - start) / 1e9) + " s, " + failed + " failed"
                + (save == null ? "" : "; " + results.all().size() + " in " + save));
        return failed == 0 ? 0 : Errors.FAILED;
    }

    /** The problems that were asked for, on the backends that have them. */
    private List<Benchmark> benchmarks(JmhOptions jmh) {
        List<String> lines;
        if (jmh.getParameter("spec").hasValue()) {
            lines = List.copyOf(jmh.getParameter("spec").get());
        } else {
            List<String> patterns = jmh.patterns();
            List<Problem> problems = all ? Suite.all() : patterns.isEmpty() ? Suite.quick() : Suite.matching(patterns);
            lines = problems.stream().map(Problem::line).toList();
        }
        Collection<String> backends = jmh.getParameter("backend").orElse(List.of("simd", "onednn", "auto"));
        return Benchmark.of(lines, threads).stream()
                .filter(benchmark -> backends.contains(benchmark.backend()))
                .toList();
    }

    /** What the file has, if it is of this machine and JVM. */
    private Results saved() throws IOException {
        Environment here = Environment.here();
        if (save == null || !Files.exists(save)) {
            return new Results(here, List.of());
        }
        Results results = ResultsFile.read(save);
        List<String> differences = here.differences(results.environment());
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException(
                    save + " was measured elsewhere: " + String.join("; ", differences) + ": save to another file");
        }
        return results;
    }

    private int writeTables() throws IOException {
        Results results = ResultsFile.read(table);
        for (String file : arguments) {
            Path path = Path.of(file);
            Files.writeString(path, FigureTables.into(Files.readString(path), results));
        }
        return 0;
    }

    /** A class path takes every jar of a folder by a star, a module path by the folder's name. */
    private static String jars(String modulePath) {
        List<String> entries = new ArrayList<>();
        for (String entry : modulePath.split(File.pathSeparator)) {
            boolean jars = new File(entry).isDirectory() && !new File(entry, "module-info.class").exists();
            entries.add(jars ? entry + File.separator + "*" : entry);
        }
        return String.join(File.pathSeparator, entries);
    }
}
