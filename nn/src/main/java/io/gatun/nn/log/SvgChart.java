package io.gatun.nn.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Lines over a horizontal axis as inline SVG, with a title and a description for who cannot see it; lines differ by dashes
 * as well as by colour.
 *
 * @param x what the horizontal axis counts
 */
record SvgChart(String id, String title, String x, List<Series> series) {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 330;
    private static final int LEFT = 62;
    private static final int RIGHT = 22;
    private static final int LEGEND_LINE = 24;
    private static final int LEGENDS = 3;
    private static final int BOTTOM = 42;
    private static final int COLOURS = 6;

    /** One line; a value that is not finite interrupts nothing and is left out. */
    record Series(String name, double[] x, double[] y) {}

    /** Below the legend, which has three names a line. */
    private int top() {
        return 10 + LEGEND_LINE * ((series.size() + LEGENDS - 1) / LEGENDS);
    }

    /** The values at which an axis is marked: multiples of 1, 2 or 5 times a power of ten, some five of them. */
    record Axis(double from, double to, double step) {
        /** One that is marked at whole numbers only. */
        static Axis whole(double min, double max) {
            Axis axis = of(min, max);
            return axis.step >= 1 ? axis : new Axis(min, Math.max(max, min + 1), 1);
        }

        static Axis of(double min, double max) {
            double range = max > min ? max - min : Math.max(Math.abs(max), 1);
            double power = Math.pow(10, Math.floor(Math.log10(range / 5)));
            double step = power;
            for (double factor : new double[] {1, 2, 5, 10}) {
                step = power * factor;
                if (range / step <= 6) {
                    break;
                }
            }
            double from = Math.floor(min / step + 1e-9) * step;
            double to = Math.ceil(max / step - 1e-9) * step;
            return new Axis(from, to > from ? to : from + step, step);
        }

        int marks() {
            return (int) Math.round((to - from) / step) + 1;
        }

        double mark(int i) {
            // 3 * 0.1 is 0.30000000000000004: a mark has few digits.
            return Double.parseDouble(String.format(Locale.ROOT, "%.10g", from + i * step));
        }
    }

    private interface Pick {
        double[] of(Series series);
    }

    private double extreme(Pick pick, boolean largest) {
        double found = Double.NaN;
        for (Series line : series) {
            for (int i = 0; i < line.x.length; i++) {
                double value = pick.of(line)[i];
                boolean counts = Double.isFinite(line.x[i]) && Double.isFinite(line.y[i]);
                if (counts && (Double.isNaN(found) || (largest ? value > found : value < found))) {
                    found = value;
                }
            }
        }
        return found;
    }

    /** The figure, or a sentence where there is nothing to draw. */
    String html() {
        double left = extreme(Series::x, false);
        if (Double.isNaN(left)) {
            return "<p id=\"" + id + "\">" + Html.escape(title) + ": nothing to draw.</p>\n";
        }
        Axis across = Axis.whole(left, extreme(Series::x, true));
        Axis up = Axis.of(extreme(Series::y, false), extreme(Series::y, true));
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<figure><svg id=\"%s\" role=\"img\" aria-labelledby=\"%s-title %s-desc\" viewBox=\"0 0 %d %d\""
                        + " xmlns=\"http://www.w3.org/2000/svg\">\n"
                        + "<title id=\"%s-title\">%s</title>\n"
                        + "<desc id=\"%s-desc\">%s</desc>\n",
                id,
                id,
                id,
                WIDTH,
                HEIGHT,
                id,
                Html.escape(title),
                id,
                Html.escape(description())));
        axes(svg, across, up);
        for (int i = 0; i < series.size(); i++) {
            line(svg, series.get(i), i, across, up);
        }
        return svg.append("</svg><figcaption>")
                .append(Html.escape(title))
                .append("</figcaption></figure>\n")
                .toString();
    }

    private String description() {
        StringBuilder text = new StringBuilder("Lines over " + x + ":");
        for (Series line : series) {
            int last = line.y.length - 1;
            text.append(' ').append(line.name);
            if (last >= 0) {
                text.append(" from ")
                        .append(Html.brief(line.y[0]))
                        .append(" to ")
                        .append(Html.brief(line.y[last]));
            }
            text.append(';');
        }
        return text.toString();
    }

    private void axes(StringBuilder svg, Axis across, Axis up) {
        for (int i = 0; i < up.marks(); i++) {
            double y = y(up, up.mark(i));
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                            + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                    LEFT,
                    WIDTH - RIGHT,
                    y,
                    y,
                    LEFT - 6,
                    y + 4,
                    mark(up.mark(i))));
        }
        for (int i = 0; i < across.marks(); i++) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                    x(across, across.mark(i)),
                    HEIGHT - BOTTOM + 18,
                    mark(across.mark(i))));
        }
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
                WIDTH - RIGHT,
                HEIGHT - 6,
                Html.escape(x)));
    }

    private static String mark(double value) {
        String text = String.format(Locale.ROOT, "%.6g", value);
        return text.contains(".") && !text.contains("e") ? text.replaceAll("\\.?0+$", "") : text;
    }

    private void line(StringBuilder svg, Series line, int number, Axis across, Axis up) {
        List<String> points = new ArrayList<>();
        for (int i = 0; i < line.x.length; i++) {
            if (Double.isFinite(line.x[i]) && Double.isFinite(line.y[i])) {
                points.add(String.format(Locale.ROOT, "%.2f,%.2f", x(across, line.x[i]), y(up, line.y[i])));
            }
        }
        int colour = number % COLOURS;
        int at = LEFT + number % LEGENDS * (WIDTH - LEFT - RIGHT) / LEGENDS;
        int down = 14 + number / LEGENDS * LEGEND_LINE;
        svg.append(String.format(
                Locale.ROOT,
                "<polyline class=\"c%d\" points=\"%s\"/>\n<line class=\"c%d\" stroke-width=\"2.5\" x1=\"%d\" x2=\"%d\""
                        + " y1=\"%d\" y2=\"%d\"/><text x=\"%d\" y=\"%d\">%s</text>\n",
                colour,
                String.join(" ", points),
                colour,
                at,
                at + 26,
                down,
                down,
                at + 32,
                down + 5,
                Html.escape(line.name)));
        if (points.size() == 1) {
            // A line needs two points to be seen, and the first epoch has one.
            String[] place = points.getFirst().split(",");
            svg.append("<circle class=\"c" + colour + " dot\" cx=\"" + place[0] + "\" cy=\"" + place[1]
                    + "\" r=\"2.5\"/>\n");
        }
    }

    private static double x(Axis axis, double value) {
        return LEFT + (value - axis.from) / (axis.to - axis.from) * (WIDTH - LEFT - RIGHT);
    }

    private double y(Axis axis, double value) {
        return HEIGHT - BOTTOM - (value - axis.from) / (axis.to - axis.from) * (HEIGHT - top() - BOTTOM);
    }
}
