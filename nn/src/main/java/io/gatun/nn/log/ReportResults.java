package io.gatun.nn.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** The parts of a report that show what the finished model does. */
final class ReportResults {
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/=]*");

    private ReportResults() {}

    static void confusion(StringBuilder page, List<?> classes, List<?> counts) {
        if (counts.isEmpty()) {
            return;
        }
        page.append("<h2>Confusion matrix</h2>\n"
                + "<div class=\"wide\"><table class=\"confusion\" id=\"confusion\">\n"
                + "<caption>Rows: what is there. Columns: what the model says. Shaded by the share of the"
                + " row.</caption>\n"
                + "<thead><tr><td></td>");
        classes.forEach(name -> page.append("<th scope=\"col\">")
                .append(Html.escape(name.toString()))
                .append("</th>"));
        page.append("</tr></thead>\n<tbody>\n");
        for (int t = 0; t < counts.size(); t++) {
            List<?> row = (List<?>) counts.get(t);
            double sum = row.stream().mapToDouble(RunLog::number).sum();
            page.append("<tr><th scope=\"row\">")
                    .append(Html.escape(classes.get(t).toString()))
                    .append("</th>");
            for (Object count : row) {
                double share = sum == 0 ? 0 : RunLog.number(count) / sum;
                page.append(String.format(Locale.ROOT, "<td style=\"--p: %.3f\">", share))
                        .append(Html.cell(count))
                        .append("</td>");
            }
            page.append("</tr>\n");
        }
        page.append("</tbody>\n</table></div>\n");
    }

    static void perClass(StringBuilder page, List<?> classes) {
        if (!classes.isEmpty()) {
            List<String> columns = new ArrayList<>();
            ((Map<?, ?>) classes.getFirst()).keySet().forEach(name -> columns.add((String) name));
            List<List<?>> rows = new ArrayList<>();
            classes.forEach(row -> rows.add(new ArrayList<>(((Map<?, ?>) row).values())));
            page.append("<h2>Class by class</h2>\n");
            page.append(Html.table("classes", "Precision, recall and F1 on the test set", columns, rows));
        }
    }

    static void samples(StringBuilder page, List<?> samples) {
        if (samples.isEmpty()) {
            return;
        }
        page.append("<h2>Sample predictions</h2>\n<ul class=\"samples\" id=\"samples\">\n");
        for (Object sample : samples) {
            Map<?, ?> fields = (Map<?, ?>) sample;
            String there = Html.escape(fields.get("true").toString());
            String said = Html.escape(fields.get("predicted").toString());
            String png = png(fields);
            page.append("<li><img alt=\"Test image of ")
                    .append(there)
                    .append(", taken for ")
                    .append(said)
                    .append("\" src=\"data:image/png;base64,")
                    .append(png)
                    .append("\"/>")
                    .append(there.equals(said) ? "<span>" : "<span class=\"wrong\">")
                    .append(said)
                    .append(", ")
                    .append(Html.cell(fields.get("probability")))
                    .append(there.equals(said) ? "</span>" : "; is " + there + "</span>")
                    .append("</li>\n");
        }
        page.append("</ul>\n");
    }

    private static String png(Map<?, ?> fields) {
        String png = fields.get("png").toString();
        if (!BASE64.matcher(png).matches()) {
            throw new IllegalArgumentException("results.json: a sample's png is no base64");
        }
        return png;
    }

    static void pictures(StringBuilder page, List<?> pictures) {
        if (pictures.isEmpty()) {
            return;
        }
        page.append("<h2>What it sees</h2>\n<ul class=\"samples\" id=\"pictures\">\n");
        for (Object picture : pictures) {
            Map<?, ?> fields = (Map<?, ?>) picture;
            String caption = Html.escape(fields.get("caption").toString());
            page.append("<li><img alt=\"")
                    .append(caption)
                    .append("\" src=\"data:image/png;base64,")
                    .append(png(fields))
                    .append("\"/><span>")
                    .append(caption)
                    .append("</span></li>\n");
        }
        page.append("</ul>\n");
    }

    static void texts(StringBuilder page, List<?> texts) {
        if (!texts.isEmpty()) {
            page.append("<h2>What it writes</h2>\n<pre id=\"texts\">");
            texts.forEach(text -> page.append(Html.escape(text.toString())).append('\n'));
            page.append("</pre>\n");
        }
    }
}
