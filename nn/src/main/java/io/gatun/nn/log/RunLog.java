package io.gatun.nn.log;

import io.gatun.nn.log.SvgChart.Series;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a {@link JsonLog} wrote, read back.
 *
 * @param settings of the run
 * @param steps the lines of steps, in order
 * @param epochs the lines of epochs, in order
 */
record RunLog(Map<?, ?> settings, List<Map<?, ?>> steps, List<Map<?, ?>> epochs) {
    static RunLog read(Path file) throws IOException {
        Map<?, ?> settings = Map.of();
        List<Map<?, ?>> steps = new ArrayList<>();
        List<Map<?, ?>> epochs = new ArrayList<>();
        // A run that is still writing, or was killed, leaves half a line.
        String whole = Files.readString(file);
        List<String> texts =
                whole.substring(0, whole.lastIndexOf('\n') + 1).lines().toList();
        for (int i = 0; i < texts.size(); i++) {
            Map<?, ?> line = parse(file, i + 1, texts.get(i));
            switch (line.get("event").toString()) {
                case "run" -> settings = (Map<?, ?>) line.get("settings");
                case "step" -> steps.add(line);
                case "epoch" -> epochs.add(line);
                default -> {
                    // A resume or the end: nothing that a report shows.
                }
            }
        }
        return new RunLog(settings, steps, epochs);
    }

    private static Map<?, ?> parse(Path file, int number, String text) {
        try {
            Map<?, ?> line = JsonFile.parse(text);
            if (line.get("event") != null) {
                return line;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ", line " + number + ": " + e.getMessage(), e);
        }
        throw new IllegalArgumentException(file + ", line " + number + " has no event: it is of no log of a run");
    }

    /** A column of steps: every so many of them, so that there are no more than {@code most} points. */
    Series ofSteps(String name, String key, int most) {
        int every = Math.max(1, (steps.size() + most - 1) / most);
        List<Map<?, ?>> some = new ArrayList<>();
        for (int i = every - 1; i < steps.size(); i += every) {
            some.add(steps.get(i));
        }
        return series(name, some, "batches", key);
    }

    Series ofEpochs(String name, String key) {
        return series(name, epochs, "epoch", key);
    }

    /** Of the evaluation's figures. */
    Series ofTest(String name, String key) {
        List<Map<?, ?>> rows = new ArrayList<>();
        for (Map<?, ?> epoch : epochs) {
            Map<Object, Object> row = new LinkedHashMap<>((Map<?, ?>) epoch.get("test"));
            row.put("\0epoch", epoch.get("epoch"));
            rows.add(row);
        }
        return series(name, rows, "\0epoch", key);
    }

    /** The names of the evaluation's figures. */
    List<String> figures() {
        List<String> names = new ArrayList<>();
        if (!epochs.isEmpty()) {
            ((Map<?, ?>) epochs.getLast().get("test")).keySet().forEach(name -> names.add((String) name));
        }
        return names;
    }

    private static Series series(String name, List<Map<?, ?>> rows, String x, String y) {
        return new Series(
                name,
                rows.stream().mapToDouble(row -> number(row.get(x))).toArray(),
                rows.stream().mapToDouble(row -> number(row.get(y))).toArray());
    }

    /** A number that was not finite is null in JSON. */
    static double number(Object value) {
        return value == null ? Double.NaN : (double) value;
    }
}
