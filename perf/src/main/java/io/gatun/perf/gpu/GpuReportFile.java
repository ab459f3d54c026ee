package io.gatun.perf.gpu;

import io.gatun.nn.log.JsonFile;
import io.gatun.nn.log.JsonLine;
import io.gatun.perf.results.Fields;
import io.gatun.perf.results.Measurement;
import io.gatun.perf.results.ResultsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A report as JSON, a section or a measurement a line, so that versions of a committed file can be compared by eye. */
public final class GpuReportFile {
    private static final int FORMAT = 1;

    private GpuReportFile() {}

    /** Writes the file. */
    public static void write(Path file, GpuReport report) throws IOException {
        Map<String, Object> head = new LinkedHashMap<>();
        head.put("format", FORMAT);
        head.put("emulated", report.emulated());
        head.put("date", report.date());
        head.put("revision", report.revision());
        head.put("facts", report.facts());
        head.put("failures", report.failures());
        head.put("refusals", report.refusals());
        String text = JsonLine.of(head);
        Files.writeString(
                file,
                text.substring(0, text.length() - 1)
                        + list(
                                "sections",
                                report.sections().stream()
                                        .map(GpuReportFile::json)
                                        .toList())
                        + list(
                                "measurements",
                                report.measurements().stream()
                                        .map(ResultsFile::json)
                                        .toList())
                        + "}\n");
    }

    private static String list(String key, List<Map<String, Object>> elements) {
        List<String> lines = elements.stream().map(JsonLine::of).toList();
        return ",\n\"" + key + "\":[" + (lines.isEmpty() ? "" : "\n" + String.join(",\n", lines)) + "\n]";
    }

    private static Map<String, Object> json(Section section) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", section.name());
        json.put("status", section.status().word());
        json.put("seconds", section.seconds());
        json.put("budget", section.budget());
        json.put("tail", section.tail());
        return json;
    }

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException naming the file and what is wrong in it
     */
    public static GpuReport read(Path file) throws IOException {
        Fields fields = new Fields(JsonFile.read(file), "");
        try {
            if (fields.number("format") != FORMAT) {
                throw new IllegalArgumentException("format " + fields.number("format") + " is not " + FORMAT);
            }
            List<Section> sections = new ArrayList<>();
            for (Fields one : fields.objects("sections")) {
                sections.add(new Section(
                        one.text("name"),
                        Section.Status.of(one.text("status")),
                        one.number("seconds"),
                        one.number("budget"),
                        one.text("tail")));
            }
            List<Measurement> measurements = new ArrayList<>();
            for (Fields one : fields.objects("measurements")) {
                measurements.add(ResultsFile.measurement(one));
            }
            return new GpuReport(
                    fields.flag("emulated"),
                    fields.text("date"),
                    fields.text("revision"),
                    fields.texts("facts"),
                    sections,
                    measurements,
                    fields.texts("failures"),
                    fields.texts("refusals"));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + " is no report of a GPU: " + e.getMessage(), e);
        }
    }
}
