package io.gatun.perf.results;

import io.gatun.nn.log.JsonFile;
import io.gatun.nn.log.JsonLine;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Results as JSON, one benchmark a line, so that versions of a committed file can be compared by eye. */
public final class ResultsFile {
    private static final int FORMAT = 1;

    /** Five digits are 0.001 %, and 16 samples then take 110 bytes. */
    private static final MathContext DIGITS = new MathContext(5);

    private ResultsFile() {}

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException naming the file and what is wrong in it
     */
    public static Results read(Path file) throws IOException {
        Map<?, ?> root = JsonFile.read(file);
        try {
            Fields fields = new Fields(root, "");
            if (fields.number("format") != FORMAT) {
                throw new IllegalArgumentException("format " + fields.number("format") + " is not " + FORMAT);
            }
            Fields environment = fields.object("environment");
            Map<String, String> facts = new LinkedHashMap<>();
            Environment.NAMES.forEach(name -> facts.put(name, environment.text(name)));
            List<Measurement> measurements = new ArrayList<>();
            for (Fields one : fields.objects("benchmarks")) {
                measurements.add(measurement(one));
            }
            return new Results(new Environment(facts), measurements);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + " is no file of results: " + e.getMessage(), e);
        }
    }

    /**
     * One benchmark as it stands in a file.
     *
     * @throws IllegalArgumentException naming what is missing or of another kind
     */
    public static Measurement measurement(Fields fields) {
        return new Measurement(
                fields.text("spec"),
                fields.text("backend"),
                fields.text("implementation"),
                (int) fields.number("threads"),
                fields.text("anchor"),
                fields.numbers("ns"),
                fields.numbers("anchor_ns"),
                fields.text("date"),
                fields.text("revision"));
    }

    /** Writes beside the file, then replaces it: who is killed while writing leaves the old one. */
    public static void write(Path file, Results results) throws IOException {
        StringBuilder text = new StringBuilder("{\"format\":" + FORMAT + ",\n\"environment\":"
                + JsonLine.of(results.environment().facts()) + ",\n\"benchmarks\":[");
        String separator = "\n";
        for (Measurement measurement : results.all()) {
            text.append(separator).append(JsonLine.of(json(measurement)));
            separator = ",\n";
        }
        text.append("\n]}\n");
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.writeString(part, text);
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /** One benchmark as it stands in a file. */
    public static Map<String, Object> json(Measurement m) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("spec", m.spec());
        json.put("backend", m.backend());
        json.put("implementation", m.implementation());
        json.put("threads", m.threads());
        json.put("unit", "ns");
        json.put("ns", rounded(m.nanos()));
        json.put("anchor", m.anchor());
        json.put("anchor_ns", rounded(m.anchorNanos()));
        json.put("date", m.date());
        json.put("revision", m.revision());
        return json;
    }

    private static List<Object> rounded(double[] samples) {
        return Arrays.stream(samples)
                .<Object>mapToObj(sample -> {
                    double rounded = new BigDecimal(sample).round(DIGITS).doubleValue();
                    return rounded == (long) rounded ? (Object) (long) rounded : (Object) rounded;
                })
                .toList();
    }
}
