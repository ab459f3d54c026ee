package io.gatun.perf.gpu;

import io.gatun.nn.log.JsonFile;
import io.gatun.perf.results.Fields;
import io.gatun.perf.results.Measurement;
import io.gatun.perf.results.ResultsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a {@link GpuLog} holds.
 *
 * @param emulated whether its device is the emulator
 * @param begun problems whose turn came
 * @param failures problems that went wrong, with the reason
 * @param refusals problems without a kernel, likewise
 */
record GpuLines(
        boolean emulated,
        Set<String> begun,
        List<Measurement> measurements,
        Map<String, String> failures,
        Map<String, String> refusals) {

    /**
     * The lines of a file; none if there is no such file. A last line that was cut off is left out.
     *
     * @throws IllegalArgumentException naming file and line, if a line is not of such a log
     */
    static GpuLines of(Path file) throws IOException {
        List<String> whole = Files.exists(file) ? whole(text(file)) : List.of();
        GpuLines lines = new GpuLines(
                !whole.isEmpty() && GpuFacts.emulated(whole.getFirst()),
                new LinkedHashSet<>(),
                new ArrayList<>(),
                new LinkedHashMap<>(),
                new LinkedHashMap<>());
        for (int i = 0; i < whole.size(); i++) {
            lines.add(fields(whole.get(i), file.getFileName() + ", line " + (i + 1) + ": "));
        }
        return lines;
    }

    /** What a file says: a process that was killed may have ended within a character. */
    static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    private static List<String> whole(String text) {
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    private static Fields fields(String line, String place) {
        try {
            return new Fields(JsonFile.parse(line), place);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(place + "no JSON object, so no log of a section", e);
        }
    }

    private void add(Fields line) {
        if (line.has("begun")) {
            begun.add(line.text("begun"));
        } else if (line.has("failed")) {
            failures.put(line.text("failed"), line.text("reason"));
        } else if (line.has("refused")) {
            refusals.put(line.text("refused"), line.text("reason"));
        } else if (!line.has("device")) {
            measurements.add(ResultsFile.measurement(line));
        }
    }

    /** Problems whose turn came and that nothing else is said of. */
    Set<String> unfinished() {
        Set<String> unfinished = new LinkedHashSet<>(begun);
        unfinished.removeAll(failures.keySet());
        unfinished.removeAll(refusals.keySet());
        measurements.forEach(measurement -> unfinished.remove(measurement.spec()));
        return unfinished;
    }
}
