package io.gatun.perf.suite;

import java.util.List;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/** JMH's options as a user gives them. The patterns among them are the suite's: JMH would look for such classes. */
public final class JmhOptions extends CommandLineOptions {
    private static final long serialVersionUID = 1;

    /**
     * Parses them.
     *
     * @throws IllegalArgumentException for what JMH does not understand
     */
    public static JmhOptions of(List<String> arguments) {
        try {
            return new JmhOptions(arguments);
        } catch (CommandLineOptionException e) {
            throw new IllegalArgumentException(e.getMessage() + " (see gatun jmh --help and gatun jmh -h)", e);
        }
    }

    private JmhOptions(List<String> arguments) throws CommandLineOptionException {
        super(arguments.toArray(String[]::new));
    }

    public List<String> patterns() {
        return super.getIncludes();
    }

    @Override
    public List<String> getIncludes() {
        return List.of();
    }
}
