package io.gatun.perf;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code gatun} command: train, bench, tune, doctor, jmh, compare, gpu. */
@Command(
        name = "gatun",
        description = "Train nets off-heap on oneDNN and on the Vector API, and measure the kernels.",
        subcommands = {
            TrainCommand.class,
            BenchCommand.class,
            TuneCommand.class,
            DoctorCommand.class,
            JmhCommand.class,
            CompareCommand.class,
            GpuCommand.class
        },
        mixinStandardHelpOptions = true,
        version = "gatun 0.1.0-SNAPSHOT")
public final class Main {
    @Option(
            names = "--stacktrace",
            scope = ScopeType.INHERIT,
            description = "Print where an error was thrown, not only what it is.")
    private boolean stacktrace;

    Main() {}

    /** Runs one command and exits with its code: 0 done, 1 failed, 2 bad input. */
    public static void main(String[] args) {
        int code = run(
                args,
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        System.exit(code);
    }

    /** Runs one command; returns its exit code. */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        Main main = new Main();
        CommandLine line = new CommandLine(main)
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, arguments) -> {
                    err.println(
                            unknownCommand(e, arguments)
                                    ? "unknown command '" + arguments[0] + "'; known are "
                                            + String.join(
                                                    ", ",
                                                    e.getCommandLine()
                                                            .getSubcommands()
                                                            .keySet())
                                    : Errors.sentence(e) + subcommands(e));
                    return Errors.BAD_INPUT;
                })
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    err.println(Errors.sentence(e));
                    if (main.stacktrace) {
                        e.printStackTrace(err);
                    }
                    return Errors.code(e);
                });
        line.getSubcommands().get("jmh").setUnmatchedOptionsArePositionalParams(true);
        return args.length == 0 ? line.execute("--help") : line.execute(args);
    }

    /** What could stand where a command of a command is missing. */
    private static String subcommands(CommandLine.ParameterException e) {
        CommandLine command = e.getCommandLine();
        boolean missing =
                command.getCommand() instanceof GpuCommand && !(e instanceof CommandLine.UnmatchedArgumentException);
        return missing
                ? "; known are " + String.join(", ", command.getSubcommands().keySet())
                : "";
    }

    private static boolean unknownCommand(CommandLine.ParameterException e, String[] arguments) {
        return e instanceof CommandLine.UnmatchedArgumentException
                && e.getCommandLine().getParent() == null
                && !arguments[0].startsWith("-");
    }
}
