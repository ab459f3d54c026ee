package io.gatun.perf.gpu;

import io.gatun.nn.log.JsonLine;
import io.gatun.perf.bench.Quantile;
import io.gatun.perf.results.Measurement;
import io.gatun.perf.results.ResultsFile;
import io.gatun.perf.suite.Revision;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What a section measures, one line of JSON each, written at once: a section that is ended for taking too long leaves what it
 * has. The first line names the device. Each problem is named before it begins, so that one that takes its process along is
 * known, and a later process of the section goes on behind it.
 */
public final class GpuLog {
    private final Path file;
    private final PrintWriter out;
    private final String mark;
    private final int threads = Runtime.getRuntime().availableProcessors();
    private final String date = LocalDate.now().toString();
    private final String revision = Revision.current();
    private final Set<String> known = new HashSet<>();
    private int failures;

    /**
     * Begins a log, or goes on with one that a process left which could not.
     *
     * @param out where each line is also said for people
     * @param device as {@link GpuFacts} names it
     */
    public GpuLog(Path file, PrintWriter out, String device) throws IOException {
        this.file = file;
        this.out = out;
        this.mark = GpuFacts.emulated(device) ? "emulated: " : "";
        if (Files.exists(file)) {
            goOn();
        } else {
            Files.writeString(file, JsonLine.of(Map.of("device", device)) + "\n");
        }
    }

    private void goOn() throws IOException {
        String left = GpuLines.text(file);
        if (!left.endsWith("\n")) { // a line that its process did not finish
            Files.writeString(file, left.substring(0, left.lastIndexOf('\n') + 1));
        }
        GpuLines lines = GpuLines.of(file);
        known.addAll(lines.begun());
        failures = lines.failures().size();
        lines.unfinished().forEach(problem -> failed(problem, "the process ended while it ran"));
    }

    /**
     * Says that a problem's turn has come.
     *
     * @return whether it is to be run: not if an earlier process had begun with it
     */
    public boolean begin(String problem) {
        if (known.contains(problem)) {
            return false;
        }
        append(Map.of("begun", problem));
        return true;
    }

    /** Samples of ours and of what they are compared with, taken in turn. */
    public void measured(String problem, String implementation, double[] nanos, String anchor, double[] anchorNanos) {
        Measurement measurement =
                new Measurement(problem, "cuda", implementation, threads, anchor, nanos, anchorNanos, date, revision);
        append(ResultsFile.json(measurement));
        say(String.format(
                Locale.ROOT,
                "%s (%s): %.3f ms; %.2f of the speed of %s",
                problem,
                implementation,
                Quantile.of(nanos, 0.5) / 1e6,
                1 / measurement.medianRatio(),
                anchor));
    }

    /** A problem that went wrong. */
    public void failed(String problem, String reason) {
        failures++;
        append(Map.of("failed", problem, "reason", reason));
        say("FAILED " + problem + ": " + reason);
    }

    /** A problem that the backend has no kernel for. */
    public void refused(String problem, String reason) {
        append(Map.of("refused", problem, "reason", reason));
        say("REFUSED " + problem + ": " + reason);
    }

    /** How many went wrong. */
    public int failures() {
        return failures;
    }

    private void say(String line) {
        out.println(mark + line);
        out.flush();
    }

    private void append(Map<String, Object> object) {
        try {
            Files.writeString(file, JsonLine.of(object) + "\n", StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }
}
