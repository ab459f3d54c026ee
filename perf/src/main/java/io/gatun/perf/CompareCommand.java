package io.gatun.perf;

import io.gatun.perf.results.ComparedFiles;
import io.gatun.perf.results.Comparison;
import io.gatun.perf.results.ResultsFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The gate: fails where something got significantly slower by a tenth or more. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = "Compare two files of gatun jmh --save; exit with 1 if a benchmark is slower by 10 % or more and"
                + " that is statistically significant.")
final class CompareCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "OLD", description = "Results before")
    private Path old;

    @Parameters(index = "1", paramLabel = "NEW", description = "Results after")
    private Path now;

    @Spec
    private CommandSpec command;

    CompareCommand() {}

    @Override
    public Integer call() throws IOException {
        ComparedFiles compared = ComparedFiles.of(ResultsFile.read(old), ResultsFile.read(now));
        PrintWriter out = command.commandLine().getOut();
        compared.lines().forEach(out::println);
        return compared.count(Comparison.Verdict.SLOWER) == 0 ? 0 : Errors.FAILED;
    }
}
