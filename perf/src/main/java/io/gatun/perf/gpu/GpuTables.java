package io.gatun.perf.gpu;

import io.gatun.perf.results.Measurement;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** A report as Markdown; where there was no GPU every line says <em>emulated</em>. */
public final class GpuTables {
    private static final String MARK = "emulated";

    private final GpuReport report;
    private final List<String> lines = new ArrayList<>();

    private GpuTables(GpuReport report) {
        this.report = report;
    }

    /** The document's lines. */
    public static List<String> of(GpuReport report) {
        GpuTables tables = new GpuTables(report);
        tables.title();
        tables.targets();
        tables.sections();
        tables.beside("Beside the device's copy", GpuTarget::besideCopy, "of the copy's speed");
        tables.beside("Beside PyTorch", GpuTarget::besidePyTorch, "times as fast");
        tables.launches();
        tables.reasons("What went wrong", report.failures());
        tables.reasons("What has no kernel", report.refusals());
        return tables.lines;
    }

    private void title() {
        heading(1, "Gatun on a GPU, " + report.date() + ", revision " + report.revision());
        if (report.emulated()) {
            paragraph("There was no GPU: the kernels ran on g++, and no time says anything.");
        }
        header("what", "where");
        report.facts().forEach(this::row);
    }

    private void targets() {
        heading(2, "Goals");
        header("goal", "measured", "verdict");
        for (GpuTarget target : GpuTarget.ALL) {
            GpuTarget.Figure figure = target.figure().apply(report);
            row(target.goal(), figure == null ? "" : figure.text(), verdict(figure));
        }
    }

    private String verdict(GpuTarget.Figure figure) {
        if (figure == null) {
            return "not measured";
        }
        return report.emulated() ? "says nothing" : figure.met() ? "met" : "**missed**";
    }

    private void sections() {
        heading(2, "Sections");
        header("section", "status", "seconds", "of");
        for (Section section : report.sections()) {
            String status = section.status().word();
            row(
                    section.name(),
                    section.status() == Section.Status.PASSED ? status : "**" + status + "**",
                    String.format(Locale.ROOT, "%.0f", section.seconds()),
                    String.format(Locale.ROOT, "%.0f", section.budget()));
        }
        for (Section section : report.sections()) {
            if (!section.tail().isEmpty()) {
                paragraph(section.name() + ", " + section.status().word() + ":");
                lines.add("");
                section.tail().lines().forEach(line -> lines.add("    " + marked(line)));
            }
        }
    }

    private void beside(String title, Predicate<Measurement> which, String unit) {
        heading(2, title);
        header("problem", "kernel", "time", "rate", unit, "beside");
        for (Measurement m : report.measurements()) {
            if (which.test(m)) {
                row(m.spec(), m.implementation(), time(m.medianNanos()), rate(m), GpuTarget.spread(m), m.anchor());
            }
        }
    }

    private void launches() {
        heading(2, "Launches");
        header("what", "how", "the host's time", "until done");
        for (Measurement m : report.measurements()) {
            if (!GpuTarget.besideCopy(m) && !GpuTarget.besidePyTorch(m)) {
                row(m.spec(), m.implementation(), time(m.medianNanos()), time(m.medianAnchorNanos()));
            }
        }
    }

    private void reasons(String title, Map<String, String> reasons) {
        if (!reasons.isEmpty()) {
            heading(2, title);
            header("problem", "reason");
            reasons.forEach(this::row);
        }
    }

    private static String time(double nanos) {
        return nanos < 1e6
                ? String.format(Locale.ROOT, "%.2f us", nanos / 1e3)
                : String.format(Locale.ROOT, "%.3f ms", nanos / 1e6);
    }

    /** Of a spec's own FLOP or bytes; nothing of a training step. */
    private static String rate(Measurement m) {
        if (m.spec().startsWith("step ")) {
            return "";
        }
        Spec spec = Spec.parse(m.spec().replaceFirst(" tf32$", ""));
        return spec.flops() > 0
                ? String.format(Locale.ROOT, "%.1f TFLOP/s", spec.flops() / m.medianNanos() / 1e3)
                : String.format(Locale.ROOT, "%.0f GB/s", spec.bytes() / m.medianNanos());
    }

    private void heading(int level, String text) {
        if (!lines.isEmpty()) {
            lines.add("");
        }
        lines.add("#".repeat(level) + " " + marked(text));
    }

    private void paragraph(String text) {
        lines.add("");
        lines.add(marked(text));
    }

    private String marked(String text) {
        return report.emulated() ? MARK + ": " + text : text;
    }

    private void header(String... cells) {
        lines.add("");
        row(cells);
        lines.add("| --- ".repeat(cells.length + (report.emulated() ? 1 : 0)) + "|");
    }

    private void row(String... cells) {
        StringBuilder row = new StringBuilder(report.emulated() ? "| " + MARK + " |" : "|");
        for (String cell : cells) {
            row.append(' ').append(cell.replace("|", "\\|").replace('\n', ' ')).append(" |");
        }
        lines.add(row.toString());
    }
}
