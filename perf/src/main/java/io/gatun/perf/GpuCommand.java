package io.gatun.perf;

import picocli.CommandLine.Command;

/** The parts of {@code perf/gpu/run-all} that are Java's. */
@Command(
        name = "gpu",
        mixinStandardHelpOptions = true,
        subcommands = {GpuMeasureCommand.class, GpuReportCommand.class},
        description = "What perf/gpu/run-all measures on a GPU, and its report.")
final class GpuCommand {
    GpuCommand() {}
}
