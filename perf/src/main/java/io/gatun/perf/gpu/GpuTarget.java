package io.gatun.perf.gpu;

import io.gatun.perf.bench.Quantile;
import io.gatun.perf.results.Measurement;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * Something that the GPU backend is to reach.
 *
 * @param goal in words, with the number
 * @param figure what was measured of it; null where it was not
 */
record GpuTarget(String goal, Function<GpuReport, Figure> figure) {
    /**
     * A measured figure.
     *
     * @param text with its spread and what it is of
     */
    record Figure(String text, boolean met) {}

    private static final String COPY = "copy of as many bytes";
    private static final String EAGER = "eager, amp bf16";
    private static final String COMPILED = "compiled, amp bf16";
    private static final String EAGER_TF32 = "eager, tf32";

    private static final double OVERHEAD_MICROS = 20;

    static final List<GpuTarget> ALL = List.of(
            speed(
                    "ResNet-50 b256: a step at least as fast as PyTorch's eager AMP, channels_last",
                    "step resnet50",
                    EAGER,
                    1),
            speed("the same, compiled by torch.compile", "step resnet50", COMPILED, 1),
            speed("ResNet-18/CIFAR b128: 1.5 times as fast as eager AMP", "step resnet18c", EAGER, 1.5),
            speed("LSTM 2x512: at least as fast as cuDNN's through PyTorch", "step lstm", EAGER, 1),
            speed("the same in floats and TF32", "step lstm", EAGER_TF32, 1),
            share("AdamW of 100 M parameters: 85 % of the copy", 0.85, "adamw "),
            share("batch norm: 80 % of the copy, each", 0.8, "batchnorm "),
            share(
                    "pointwise: 80 % of the copy, each",
                    0.8, "activation ", "axpby ", "binary ", "cast ", "dropout ", "lerp ", "prelu ", "where "),
            speed("product of 4096 in bf16: 98 % of PyTorch's speed", "gemm bf16", "PyTorch", 0.98),
            new GpuTarget("FFM and graph launch: under 20 us a step", GpuTarget::overhead),
            new GpuTarget("every kernel within its bounds", report -> clean(report, "accuracy-")),
            new GpuTarget("NVIDIA's libraries within them too", report -> clean(report, "vendor-")),
            new GpuTarget("memcheck: clean", report -> clean(report, "memcheck")),
            new GpuTarget("racecheck: clean", report -> clean(report, "racecheck")));

    /** The fastest of ours, where there are several: in another precision, or without NVIDIA's libraries. */
    private static GpuTarget speed(String goal, String problem, String peer, double least) {
        return new GpuTarget(goal, report -> report.measurements().stream()
                .filter(m -> m.spec().startsWith(problem) && m.anchor().contains(peer))
                .max(Comparator.comparingDouble(GpuTarget::median))
                .map(m -> new Figure(spread(m) + ": " + m.spec() + " against " + m.anchor(), median(m) >= least))
                .orElse(null));
    }

    /** The slowest of all problems of these families. */
    private static GpuTarget share(String goal, double least, String... families) {
        return new GpuTarget(goal, report -> report.measurements().stream()
                .filter(m ->
                        m.anchor().contains(COPY) && Arrays.stream(families).anyMatch(m.spec()::startsWith))
                .min(Comparator.comparingDouble(GpuTarget::median))
                .map(m -> new Figure(spread(m) + ": " + m.spec() + ", the slowest", median(m) >= least))
                .orElse(null));
    }

    private static Figure overhead(GpuReport report) {
        return report.measurements().stream()
                .filter(m -> m.spec().equals(Launches.CAPTURED_STEP))
                .findFirst()
                .map(m -> new Figure(
                        String.format(Locale.ROOT, "%.1f us", m.medianNanos() / 1e3),
                        m.medianNanos() < 1e3 * OVERHEAD_MICROS))
                .orElse(null);
    }

    private static Figure clean(GpuReport report, String tool) {
        List<Section> ran = report.sections().stream()
                .filter(section -> section.name().startsWith(tool) && section.status() != Section.Status.SKIPPED)
                .toList();
        long passed = ran.stream()
                .filter(section -> section.status() == Section.Status.PASSED)
                .count();
        return ran.isEmpty()
                ? null
                : new Figure(passed + " of " + ran.size() + " test classes clean", passed == ran.size());
    }

    /** How many times as fast as what it stands beside. */
    static double median(Measurement m) {
        return Quantile.of(speeds(m), 0.5);
    }

    /** Median and quartiles of the rounds. */
    static String spread(Measurement m) {
        double[] speeds = speeds(m);
        return String.format(
                Locale.ROOT,
                "%.3f (%.3f to %.3f)",
                Quantile.of(speeds, 0.5),
                Quantile.of(speeds, 0.25),
                Quantile.of(speeds, 0.75));
    }

    private static double[] speeds(Measurement m) {
        return Arrays.stream(m.ratios()).map(ratio -> 1 / ratio).toArray();
    }

    static boolean besideCopy(Measurement m) {
        return m.anchor().contains(COPY);
    }

    static boolean besidePyTorch(Measurement m) {
        return m.anchor().startsWith("PyTorch");
    }
}
