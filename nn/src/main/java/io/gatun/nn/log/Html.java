package io.gatun.nn.log;

import java.util.List;
import java.util.Locale;

/** Pieces of a page, well-formed as XML too, so that any parser can check it. */
final class Html {
    private Html() {}

    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                // XML has no other control characters.
                default -> escaped.appendCodePoint(c >= ' ' || c == '\n' || c == '\t' ? c : 0xFFFD);
            }
        });
        return escaped.toString();
    }

    /** A number in few digits to read, and in full for who asks the page. */
    static String number(double value) {
        return "<data value=\"" + value + "\">" + brief(value) + "</data>";
    }

    static String brief(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e7) {
            return Long.toString((long) value);
        }
        double size = Math.abs(value);
        if (!Double.isFinite(value) || size < 1e-3 || size >= 1e7) {
            return String.format(Locale.ROOT, "%.3g", value);
        }
        return String.format(Locale.ROOT, size < 1 ? "%.4f" : size < 1000 ? "%.3f" : "%.0f", value);
    }

    /** A cell's content: {@link #number} for numbers, the escaped text of anything else. */
    static String cell(Object value) {
        return switch (value) {
            case null -> "none";
            case Number number -> number(number.doubleValue());
            default -> escape(value.toString());
        };
    }

    /**
     * A table whose first column names its rows.
     *
     * @param id of the element
     */
    static String table(String id, String caption, List<String> columns, List<List<?>> rows) {
        StringBuilder html = new StringBuilder("<div class=\"wide\"><table id=\"" + id + "\">\n<caption>");
        html.append(escape(caption)).append("</caption>\n<thead><tr>");
        columns.forEach(column ->
                html.append("<th scope=\"col\">").append(escape(column)).append("</th>"));
        html.append("</tr></thead>\n<tbody>\n");
        for (List<?> row : rows) {
            html.append("<tr><th scope=\"row\">").append(cell(row.getFirst())).append("</th>");
            for (Object value : row.subList(1, row.size())) {
                html.append(value instanceof Number ? "<td>" : "<td class=\"text\">")
                        .append(cell(value))
                        .append("</td>");
            }
            html.append("</tr>\n");
        }
        return html.append("</tbody>\n</table></div>\n").toString();
    }
}
