package io.gatun.perf.suite;

import io.gatun.perf.jmh.AnchorKind;
import io.gatun.perf.results.Measurement;
import io.gatun.perf.results.Results;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Results as Markdown, between marks in the documents that quote them. */
public final class FigureTables {
    private static final Pattern MARKS =
            Pattern.compile("(<!-- figures: (\\w+) -->\n).*?(<!-- /figures -->)", Pattern.DOTALL);

    private FigureTables() {}

    /**
     * The document with its tables replaced by those of the results.
     *
     * @throws IllegalArgumentException if it has no marks, or asks for a table that there is not
     */
    public static String into(String document, Results results) {
        Matcher marks = MARKS.matcher(document);
        if (!marks.find()) {
            throw new IllegalArgumentException(
                    "the document has no '<!-- figures: families -->' … '<!-- /figures -->' to write between");
        }
        return marks.replaceAll(match -> Matcher.quoteReplacement(
                match.group(1) + String.join("\n", table(match.group(2), results)) + "\n" + match.group(3)));
    }

    private static List<String> table(String name, Results results) {
        return switch (name) {
            case "families" -> families(results);
            case "problems" -> problems(results);
            default -> throw new IllegalArgumentException("no table '" + name + "'; known are families, problems");
        };
    }

    /** One benchmark in one line. */
    public static String line(Measurement m) {
        return String.format(Locale.ROOT, "%s: %s (%s)", m.id(), cell(m), m.implementation());
    }

    /** Geometric means of each kernel family, over the problems that both backends have where both are in it. */
    private static List<String> families(Results results) {
        Map<String, List<String>> byFamily = new TreeMap<>();
        for (String spec : specs(results)) {
            if (!Problem.isStep(spec)) {
                byFamily.computeIfAbsent(Problem.family(spec), _ -> new ArrayList<>())
                        .add(spec);
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add("| family | problems | simd, of the anchor | onednn, of the anchor | simd's speed over onednn's |");
        lines.add("| --- | --- | --- | --- | --- |");
        byFamily.forEach((family, specs) -> {
            List<Double> simd = new ArrayList<>();
            List<Double> onednn = new ArrayList<>();
            List<Double> ratios = new ArrayList<>();
            for (String spec : specs) {
                Measurement a = find(results, spec, "simd");
                Measurement b = find(results, spec, "onednn");
                add(simd, a);
                add(onednn, b);
                if (a != null && b != null) {
                    ratios.add(b.medianRatio() / a.medianRatio());
                }
            }
            lines.add("| " + family + " | " + specs.size() + " | " + share(simd) + " | " + share(onednn) + " | "
                    + spread(ratios) + " |");
        });
        return lines;
    }

    private static List<String> problems(Results results) {
        List<String> lines = new ArrayList<>();
        lines.add("| problem | simd | onednn | simd's speed over onednn's |");
        lines.add("| --- | --- | --- | --- |");
        List<String> kernels = new ArrayList<>(specs(results));
        kernels.removeIf(spec -> Problem.isStep(spec));
        kernels.sort(String::compareTo);
        kernels.forEach(spec -> lines.add(row(results, spec, "simd", "onednn")));
        List<String> steps = new ArrayList<>(specs(results));
        steps.removeIf(spec -> !Problem.isStep(spec));
        if (!steps.isEmpty()) {
            lines.add("");
            lines.add("| training step | auto | simd | auto's speed over simd's |");
            lines.add("| --- | --- | --- | --- |");
            steps.forEach(spec -> lines.add(row(results, spec, "auto", "simd")));
        }
        return lines;
    }

    private static String row(Results results, String spec, String first, String second) {
        Measurement a = find(results, spec, first);
        Measurement b = find(results, spec, second);
        String ratio =
                a == null || b == null ? "" : String.format(Locale.ROOT, "%.2f", b.medianRatio() / a.medianRatio());
        return "| " + spec.replace(" f32", "") + " | " + cell(a) + " | " + cell(b) + " | " + ratio + " |";
    }

    private static String cell(Measurement m) {
        if (m == null) {
            return "";
        }
        double nanos = m.medianNanos();
        String time = nanos < 1e4
                ? String.format(Locale.ROOT, "%.3f µs", nanos / 1e3)
                : nanos < 1e6
                        ? String.format(Locale.ROOT, "%.1f µs", nanos / 1e3)
                        : String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
        OptionalDouble share = share(m);
        return share.isEmpty() ? time : time + ", " + percent(share.getAsDouble());
    }

    /** Its rate, in FLOP or bytes, over the anchor's of as many threads; empty for a training step. */
    private static OptionalDouble share(Measurement m) {
        for (AnchorKind kind : AnchorKind.values()) {
            if (kind.text().equals(m.anchor()) && !Problem.isStep(m.spec())) {
                Spec spec = Spec.parse(m.spec());
                double work = kind == AnchorKind.GEMM ? spec.flops() : spec.bytes();
                return OptionalDouble.of(work / (m.threads() * kind.work() * m.medianRatio()));
            }
        }
        return OptionalDouble.empty();
    }

    private static void add(List<Double> shares, Measurement m) {
        if (m != null) {
            share(m).ifPresent(shares::add);
        }
    }

    private static String share(List<Double> shares) {
        return shares.isEmpty() ? "" : percent(mean(shares));
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }

    private static String spread(List<Double> ratios) {
        if (ratios.isEmpty()) {
            return "";
        }
        double low = ratios.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        double high = ratios.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        return ratios.size() == 1
                ? String.format(Locale.ROOT, "%.2f", low)
                : String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", mean(ratios), low, high);
    }

    private static double mean(List<Double> values) {
        return Math.exp(values.stream().collect(Collectors.averagingDouble(Math::log)));
    }

    private static Set<String> specs(Results results) {
        return results.all().stream().map(Measurement::spec).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** With whatever number of threads it was measured last. */
    private static Measurement find(Results results, String spec, String backend) {
        Map<String, Measurement> found = new LinkedHashMap<>();
        results.all().stream()
                .filter(m -> m.spec().equals(spec) && m.backend().equals(backend))
                .forEach(m -> found.put(backend, m));
        return found.get(backend);
    }
}
