package io.gatun.perf;

import io.gatun.perf.gpu.GpuFacts;
import io.gatun.perf.gpu.GpuReport;
import io.gatun.perf.gpu.GpuReportFile;
import io.gatun.perf.gpu.GpuRun;
import io.gatun.perf.gpu.GpuTables;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Puts a run's sections together: {@code gpu.json} and {@code gpu.md} in its folder. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = "Put the sections of perf/gpu/run-all together to gpu.json and gpu.md.")
final class GpuReportCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "DIR", description = "The folder of the run.")
    private Path folder;

    @Option(names = "--emulated", description = "It was a rehearsal: every line says so.")
    private boolean emulated;

    @Option(names = "--without-device", description = "Do not ask the device what it is: it may not answer any more.")
    private boolean withoutDevice;

    @Spec
    private CommandSpec command;

    GpuReportCommand() {}

    @Override
    public Integer call() throws IOException {
        GpuReport report = new GpuRun(folder).report(withoutDevice ? Map.of() : GpuFacts.here(), emulated);
        GpuReportFile.write(folder.resolve("gpu.json"), report);
        List<String> lines = GpuTables.of(report);
        Files.write(folder.resolve("gpu.md"), lines);
        PrintWriter out = command.commandLine().getOut();
        lines.forEach(out::println);
        return 0;
    }
}
