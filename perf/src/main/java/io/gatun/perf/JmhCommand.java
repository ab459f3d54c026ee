package io.gatun.perf;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Hands everything to JMH: {@code gatun jmh Gemm -prof gc}, {@code gatun jmh -h} for its options. */
@Command(name = "jmh", description = "Run the JMH benchmarks; all arguments are JMH's own (try: gatun jmh -l).")
final class JmhCommand implements Callable<Integer> {
    @Parameters(arity = "0..*", paramLabel = "ARGUMENT", description = "JMH's arguments: a pattern, -prof gc, -f 1, …")
    private List<String> arguments = List.of();

    JmhCommand() {}

    @Override
    public Integer call() throws Exception {
        org.openjdk.jmh.Main.main(arguments.toArray(String[]::new));
        return 0;
    }
}
