package io.gatun.perf.gpu;

import io.gatun.perf.results.Measurement;
import io.gatun.perf.suite.Revision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The folder that {@code perf/gpu/run-all} leaves: {@code sections} with a line for each, {@code NAME.log} with what it wrote,
 * {@code NAME.jsonl} with what it measured ({@link GpuLog}), and {@code facts} that the script alone knows. Fields of a line are
 * separated by tabs.
 */
public final class GpuRun {
    /** What a section that did not pass is quoted with. */
    private static final int TAIL_LINES = 30;

    private static final String SKIPPED = "skipped";

    private final Path folder;

    public GpuRun(Path folder) {
        this.folder = folder;
    }

    /**
     * Puts everything together; what a section left unfinished is left out.
     *
     * @param facts of this machine ({@link GpuFacts#here})
     * @param rehearsal whether it was one; where a log names the emulator it was one anyway
     * @throws IOException if a file cannot be read
     * @throws IllegalArgumentException naming the file that is not as the script writes it
     */
    public GpuReport report(Map<String, String> facts, boolean rehearsal) throws IOException {
        boolean emulated = rehearsal || GpuFacts.emulated(facts.getOrDefault("device", ""));
        List<Section> sections = sections();
        List<Measurement> measurements = new ArrayList<>();
        Map<String, String> failures = new LinkedHashMap<>();
        Map<String, String> refusals = new LinkedHashMap<>();
        for (Section section : sections) {
            String prefix = section.name() + ": ";
            GpuLines lines = lines(section, failures);
            emulated |= lines.emulated();
            measurements.addAll(lines.measurements());
            lines.failures().forEach((problem, reason) -> failures.put(prefix + problem, reason));
            lines.refusals().forEach((problem, reason) -> refusals.put(prefix + problem, reason));
            lines.unfinished().forEach(problem -> failures.put(prefix + problem, "begun, and never done"));
        }
        Map<String, String> all = new LinkedHashMap<>(facts);
        all.putAll(told());
        return new GpuReport(
                emulated,
                LocalDate.now().toString(),
                Revision.current(),
                all,
                sections,
                measurements,
                failures,
                refusals);
    }

    private Map<String, String> told() throws IOException {
        Path file = folder.resolve("facts");
        Map<String, String> facts = new LinkedHashMap<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                String[] fields = fields(file, line, 2);
                facts.put(fields[0], fields[1]);
            }
        }
        return facts;
    }

    private List<Section> sections() throws IOException {
        Path file = folder.resolve("sections");
        List<Section> sections = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            String[] fields = fields(file, line, 5);
            try {
                sections.add(section(fields));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(file + ": '" + line + "' has no number where one belongs", e);
            }
        }
        return sections;
    }

    /** Name, exit code or {@code skipped}, seconds, budget, why skipped. */
    private Section section(String[] fields) throws IOException {
        double seconds = Double.parseDouble(fields[2]);
        double budget = Double.parseDouble(fields[3]);
        if (fields[1].equals(SKIPPED)) {
            return new Section(fields[0], Section.Status.SKIPPED, seconds, budget, fields[4]);
        }
        Section.Status status = Section.ended(Integer.parseInt(fields[1]));
        String tail = status == Section.Status.PASSED ? "" : tail(folder.resolve(fields[0] + ".log"));
        return new Section(fields[0], status, seconds, budget, tail);
    }

    private static String[] fields(Path file, String line, int count) {
        String[] fields = line.split("\t", -1);
        if (fields.length != count) {
            throw new IllegalArgumentException(
                    file + ": '" + line + "' has " + fields.length + " fields, not " + count);
        }
        return fields;
    }

    private static String tail(Path log) throws IOException {
        if (!Files.exists(log)) {
            return "it wrote nothing";
        }
        List<String> lines = GpuLines.text(log).lines().toList();
        return lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()).stream()
                .collect(Collectors.joining("\n"));
    }

    /** A log that cannot be read is a failure of its section, and takes no other along. */
    private GpuLines lines(Section section, Map<String, String> failures) throws IOException {
        Path file = folder.resolve(section.name() + ".jsonl");
        try {
            return GpuLines.of(file);
        } catch (IllegalArgumentException e) {
            failures.put(section.name(), e.getMessage());
            return new GpuLines(false, Set.of(), List.of(), Map.of(), Map.of());
        }
    }
}
