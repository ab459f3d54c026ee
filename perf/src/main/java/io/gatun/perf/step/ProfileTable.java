package io.gatun.perf.step;

import io.gatun.kernel.Profile;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Where the time of one step went: by operation and backend, then the specs that took longest. */
public final class ProfileTable {
    private static final int SPECS = 15;

    private ProfileTable() {}

    private static final class Row {
        long runs;
        long nanos;
        double flops;
        double bytes;

        void add(Profile.Line line) {
            runs += line.runs();
            nanos += line.nanos();
            flops += line.runs() * line.spec().flops();
            bytes += line.runs() * line.spec().bytes();
        }
    }

    /** The table's lines. */
    public static List<String> of(StepReport report) {
        Map<String, Row> rows = new LinkedHashMap<>();
        long kernels = 0;
        for (Profile.Line line : report.profiled()) {
            String name = operation(line.spec()) + " on " + line.plan().backend();
            rows.computeIfAbsent(name, n -> new Row()).add(line);
            kernels += line.nanos();
        }
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%-40s %6s %10s %7s %10s %10s",
                "where one step's time goes",
                "runs",
                "ms",
                "share",
                "GFLOP/s",
                "GB/s"));
        rows.entrySet().stream()
                .sorted((a, b) -> Long.compare(b.getValue().nanos, a.getValue().nanos))
                .forEach(entry -> lines.add(line(entry.getKey(), entry.getValue(), report.profiledNanos())));
        Row rest = new Row();
        rest.nanos = report.profiledNanos() - kernels;
        lines.add(line("tape and everything else", rest, report.profiledNanos()));
        lines.add("");
        lines.add("the specs that took longest");
        report.profiled().stream().limit(SPECS).forEach(line -> {
            Row row = new Row();
            row.add(line);
            lines.add(line("  " + line.plan().backend(), row, report.profiledNanos()) + "  " + line.spec());
        });
        return lines;
    }

    private static String line(String name, Row row, long all) {
        return String.format(
                Locale.ROOT,
                "%-40s %6d %10.3f %6.1f%% %10s %10s",
                name,
                row.runs,
                row.nanos / 1e6,
                100.0 * row.nanos / all,
                rate(row.flops, row.nanos),
                rate(row.bytes, row.nanos));
    }

    private static String rate(double work, long nanos) {
        return work == 0 || nanos == 0 ? "" : String.format(Locale.ROOT, "%.1f", work / nanos);
    }

    /** Family and direction: what a reader of a step's time table thinks in. */
    private static String operation(Spec spec) {
        String family = spec.toString().split(" ", 2)[0];
        String pass =
                switch (spec) {
                    case ConvSpec conv -> conv.direction().name();
                    case BatchNormSpec norm -> norm.pass().name();
                    case GroupNormSpec norm -> norm.pass().name();
                    case GruSpec gru -> gru.pass().name();
                    case LstmSpec lstm -> lstm.pass().name();
                    case RnnSpec rnn -> rnn.pass().name();
                    case PoolSpec pool -> pool.direction().name();
                    case ActivationSpec activation -> activation.direction().name();
                    default -> "";
                };
        return pass.isEmpty() ? family : family + " " + pass.toLowerCase(Locale.ROOT);
    }
}
