package io.gatun.perf.gpu;

import io.gatun.nn.log.JsonFile;
import io.gatun.perf.results.Fields;
import io.gatun.perf.results.Measurement;
import io.gatun.perf.results.ResultsFile;
import java.io.IOException;
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
     * @throws IllegalArgumentException naming the file, if a line is not of such a log
     */
    static GpuLines of(Path file) throws IOException {
        GpuLines lines = new GpuLines(
                Files.exists(file)
                        && Files.readString(file).lines().findFirst().stream().anyMatch(GpuFacts::emulated),
                new LinkedHashSet<>(),
                new ArrayList<>(),
                new LinkedHashMap<>(),
                new LinkedHashMap<>());
        for (Fields line : whole(file)) {
            lines.add(line);
        }
        return lines;
    }

    private static List<Fields> whole(Path file) throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        List<String> all = Files.readAllLines(file);
        // The last line of a process that was killed may be half a line.
        boolean cut = !Files.readString(file).endsWith("\n");
        return (cut ? all.subList(0, Math.max(0, all.size() - 1)) : all)
                .stream()
                        .map(line -> new Fields(JsonFile.parse(line), file.getFileName() + ": "))
                        .toList();
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
