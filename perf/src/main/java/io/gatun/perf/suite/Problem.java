package io.gatun.perf.suite;

/**
 * One line of the suite: a kernel's spec, or {@code step NET} for a whole training step.
 *
 * @param net where its shape comes from
 * @param line as a spec prints itself, or {@code step} and a name of {@code gatun bench train}
 * @param quick whether it belongs to the selection that runs unless told otherwise
 */
public record Problem(String net, String line, boolean quick) {
    private static final String STEP = "step ";

    static Problem quick(String net, String line) {
        return new Problem(net, line, true);
    }

    static Problem full(String net, String line) {
        return new Problem(net, line, false);
    }

    /** The first word of a line. */
    public static String family(String line) {
        return line.substring(0, line.indexOf(' '));
    }

    public static boolean isStep(String line) {
        return line.startsWith(STEP);
    }

    /** The net of a training step's line. */
    public static String net(String line) {
        return line.substring(STEP.length());
    }
}
