package io.gatun.nn.log;

import io.gatun.nn.log.SvgChart.Series;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A page that shows a run: curves, the confusion matrix, figures of each class, sample predictions, settings and
 * environment. One file that needs no network and no script, for wide and narrow screens, light and dark, with table
 * headers and descriptions of its pictures. Made from {@code log.jsonl} ({@link JsonLog}) and {@code results.json} of the
 * run's folder alone, so its numbers are the run's.
 *
 * <p>{@code results.json} is one object, all of it optional: {@code title}, {@code metrics} (name to number),
 * {@code classes} (names), {@code confusion} ({@code counts[true][predicted]}), {@code per_class} (objects of equal keys,
 * the first the name), {@code samples} (objects of {@code png} in base64, {@code true}, {@code predicted},
 * {@code probability}), {@code pictures} (objects of {@code png} in base64 and {@code caption}), {@code texts} (strings),
 * {@code environment} (name to text).
 */
public final class RunReport {
    /** Its file in the folder of the run. */
    public static final String NAME = "report.html";

    private static final int MOST_POINTS = 500;

    private RunReport() {}

    /**
     * Writes {@code report.html} into the folder and returns its path; of a run that goes on, or was killed, what its log has
     * so far.
     *
     * @throws java.nio.file.NoSuchFileException if the folder has no {@code log.jsonl}
     * @throws IllegalArgumentException naming the file and the line, if one of the files is not what it should be
     */
    public static Path write(Path folder) throws IOException {
        RunLog log = RunLog.read(folder.resolve("log.jsonl"));
        Path resultsFile = folder.resolve("results.json");
        Map<?, ?> results = Files.exists(resultsFile) ? JsonFile.read(resultsFile) : Map.of();
        Path report = folder.resolve(NAME);
        Files.writeString(report, html(log, results));
        return report;
    }

    private static String html(RunLog log, Map<?, ?> results) throws IOException {
        Object given = results.get("title");
        String title = Html.escape(given == null ? "A training run" : given.toString());
        StringBuilder page = new StringBuilder("<!DOCTYPE html>\n"
                + "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n"
                + "<head>\n"
                + "<meta charset=\"utf-8\"/>\n"
                + "<meta name=\"viewport\" content=\"width=device-width,"
                + " initial-scale=1\"/>\n"
                + "<title>" + title + "</title>\n<style>\n" + style()
                + "</style>\n</head>\n<body>\n<main>\n<h1>" + title
                + "</h1>\n");
        metrics(page, map(results, "metrics"));
        curves(page, log);
        ReportResults.confusion(page, list(results, "classes"), list(results, "confusion"));
        ReportResults.perClass(page, list(results, "per_class"));
        ReportResults.samples(page, list(results, "samples"));
        ReportResults.pictures(page, list(results, "pictures"));
        ReportResults.texts(page, list(results, "texts"));
        page.append("<h2>Settings and environment</h2>\n");
        facts(page, "settings", "What the run was told", log.settings());
        facts(page, "environment", "Where it ran", map(results, "environment"));
        return page.append("</main>\n</body>\n</html>\n").toString();
    }

    private static String style() throws IOException {
        try (InputStream css = RunReport.class.getResourceAsStream("report.css")) {
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Map<?, ?> map(Map<?, ?> results, String key) {
        return results.get(key) instanceof Map<?, ?> map ? map : Map.of();
    }

    private static List<?> list(Map<?, ?> results, String key) {
        return results.get(key) instanceof List<?> list ? list : List.of();
    }

    private static void metrics(StringBuilder page, Map<?, ?> metrics) {
        if (!metrics.isEmpty()) {
            page.append("<ul class=\"figures\" id=\"metrics\">\n");
            metrics.forEach((name, value) -> page.append("<li>")
                    .append(Html.escape(name.toString().replace('_', ' ')))
                    .append("<b>")
                    .append(Html.cell(value))
                    .append("</b></li>\n"));
            page.append("</ul>\n");
        }
    }

    private static void curves(StringBuilder page, RunLog log) {
        page.append("<h2>Curves</h2>\n<div class=\"charts\">\n");
        page.append(new SvgChart(
                        "loss",
                        "Loss after each epoch",
                        "epoch",
                        List.of(log.ofEpochs("training", "train_loss"), log.ofTest("test", "loss")))
                .html());
        List<Series> shares = new ArrayList<>();
        for (String figure : log.figures()) {
            Series line = log.ofTest(figure.replace('_', ' '), figure);
            if (figure.equals("loss")) {
                continue;
            }
            if (Arrays.stream(line.y()).allMatch(value -> Double.isNaN(value) || (value >= 0 && value <= 1))) {
                shares.add(line);
            } else {
                String id = "test-" + figure.replaceAll("[^A-Za-z0-9]", "-");
                page.append(
                        new SvgChart(id, "Test " + line.name() + " after each epoch", "epoch", List.of(line)).html());
            }
        }
        if (!shares.isEmpty()) {
            page.append(new SvgChart("shares", "Test figures after each epoch", "epoch", shares).html());
        }
        if (!log.steps().isEmpty()) {
            page.append(new SvgChart(
                            "batches",
                            "Training loss of single batches",
                            "batches",
                            List.of(log.ofSteps("loss", "loss", MOST_POINTS)))
                    .html());
            page.append(new SvgChart(
                            "rate",
                            "Learning rate",
                            "batches",
                            List.of(log.ofSteps("learning rate", "learning_rate", MOST_POINTS)))
                    .html());
        }
        page.append("</div>\n");
        epochs(page, log);
    }

    private static void epochs(StringBuilder page, RunLog log) {
        List<String> columns = new ArrayList<>(List.of("epoch", "training loss"));
        log.figures().forEach(figure -> columns.add("test " + figure.replace('_', ' ')));
        columns.addAll(List.of("learning rate", "items a second", "seconds"));
        List<List<?>> rows = new ArrayList<>();
        for (Map<?, ?> epoch : log.epochs()) {
            List<Object> row = new ArrayList<>(List.of(epoch.get("epoch"), RunLog.number(epoch.get("train_loss"))));
            Map<?, ?> test = (Map<?, ?>) epoch.get("test");
            log.figures().forEach(figure -> row.add(RunLog.number(test.get(figure))));
            row.add(RunLog.number(epoch.get("learning_rate")));
            row.add(RunLog.number(epoch.get("items_per_second")));
            row.add(RunLog.number(epoch.get("seconds")));
            rows.add(row);
        }
        page.append(Html.table("epochs", "The same numbers, epoch by epoch", columns, rows));
    }

    private static void facts(StringBuilder page, String id, String caption, Map<?, ?> facts) {
        if (!facts.isEmpty()) {
            List<List<?>> rows = new ArrayList<>();
            facts.forEach((name, value) -> rows.add(List.of(name, value == null ? "none" : value)));
            page.append(Html.table(id, caption, List.of("name", "value"), rows));
        }
    }
}
