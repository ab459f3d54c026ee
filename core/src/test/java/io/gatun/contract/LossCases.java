package io.gatun.contract;

import io.gatun.spec.LossSpec;
import io.gatun.spec.LossSpec.Kind;
import io.gatun.spec.Reduction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

final class LossCases extends Family<LossSpec> {
    private static final int[] COUNTS = {0, 1, 7, 33, 64, 1025};

    LossCases() {
        super(LossSpec.class);
    }

    @Override
    List<LossSpec> specs(SplittableRandom random) {
        List<LossSpec> specs = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            for (int count : COUNTS) {
                Reduction reduction = Reduction.values()[count % 4];
                specs.add(LossSpec.of(kind, reduction, count, count != 64));
            }
            specs.add(LossSpec.of(kind, Reduction.MEAN, 16 * 1024 * 2 + 1100, true));
        }
        specs.add(new LossSpec(Kind.BCE_WITH_LOGITS, Reduction.MEAN, 7, 13, 0, 0, true, true));
        specs.add(new LossSpec(Kind.BCE_WITH_LOGITS, Reduction.NONE, 300, 7, 0, 0, true, true));
        specs.add(new LossSpec(Kind.KL_DIV, Reduction.BATCH_MEAN, 7, 13, 0, 0, false, true));
        specs.add(new LossSpec(Kind.SMOOTH_L1, Reduction.SUM, 1, 70, 0.3f, 0, false, true));
        specs.add(new LossSpec(Kind.HUBER, Reduction.SUM, 1, 70, 1.7f, 0, false, true));
        specs.add(new LossSpec(Kind.QUANTILE, Reduction.SUM, 1, 70, 0.9f, 0, false, true));
        specs.add(new LossSpec(Kind.FOCAL, Reduction.SUM, 1, 70, 0, -1, false, true));
        specs.add(new LossSpec(Kind.FOCAL, Reduction.SUM, 1, 70, 0.5f, 0.7f, false, true));
        specs.add(LossSpec.of(Kind.L1, Reduction.SUM, 999, true));
        specs.add(LossSpec.of(Kind.MSE, Reduction.SUM, 999, true));
        return specs;
    }

    @Override
    boolean exactable(LossSpec spec) {
        return (spec.kind() == Kind.MSE || spec.kind() == Kind.L1) && spec.divisor() == 1;
    }

    @Override
    Inputs inputs(LossSpec spec, boolean exact, SplittableRandom random) {
        double range = exact ? 8 : pick(random, 1, 4, 30);
        Inputs in = Inputs.random(spec, exact, range, random);
        int count = (int) spec.count();
        switch (spec.kind()) {
            case MSLE ->
                in.put("prediction", floats(count, () -> random.nextDouble(-0.9, 5)))
                        .put("target", floats(count, () -> random.nextDouble(-0.9, 5)));
            case BCE ->
                in.put("prediction", floats(count, () -> share(random)))
                        .put("target", floats(count, () -> share(random)));
            case BCE_WITH_LOGITS, FOCAL -> in.put("target", floats(count, () -> share(random)));
            case SOFT_MARGIN, HINGE -> in.put("target", floats(count, () -> random.nextBoolean() ? 1 : -1));
            case POISSON_NLL -> in.put("target", floats(count, () -> random.nextInt(6)));
            case POISSON_NLL_RATE ->
                in.put("prediction", floats(count, () -> random.nextDouble(0, 5)))
                        .put("target", floats(count, () -> random.nextInt(6)));
            case KL_DIV -> in.put("target", floats(count, () -> share(random)));
            default -> {}
        }
        if (spec.weighted()) {
            in.put("weights", floats((int) spec.cols(), () -> random.nextDouble(0.1, 4)));
        }
        return in;
    }

    /** 0 and 1 too, and small ones. */
    private static double share(SplittableRandom random) {
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> Math.pow(10, random.nextDouble(-9, 0));
            default -> random.nextDouble();
        };
    }

    private static double[] floats(int count, java.util.function.DoubleSupplier value) {
        double[] values = new double[count];
        Arrays.setAll(values, i -> (float) value.getAsDouble());
        return values;
    }

    @Override
    boolean elementwise() {
        return true;
    }

    /** A probability of the target outside 0 and 1 makes the focal factor no number. */
    @Override
    boolean takesSpecials(LossSpec spec, String input) {
        return input.equals("prediction") || spec.kind() != Kind.FOCAL;
    }

    @Override
    Stream<Map.Entry<LossSpec, Inputs>> specialCases(SplittableRandom random) {
        return Stream.concat(certain(), extreme());
    }

    /** Certain predictions, right and wrong; a masked class. */
    private static Stream<Map.Entry<LossSpec, Inputs>> certain() {
        double infinity = Double.POSITIVE_INFINITY;
        double[] logits = {infinity, -infinity, infinity, -infinity, 1e4f, -1e4f, 100, -100, Double.NaN, 0, 90, -90};
        double[] hard = {1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0.25, 0.25};
        double[] masked = {-infinity, -1, -infinity, -2, Double.NaN, 0, -3, -1e30f, -1, -1, -1, -1};
        double[] shares = {0, 0, 0.5, 1, 0, 1, 1e-40f, 0, 1, 1, 1, 1};
        return Stream.of(
                Map.entry(each(Kind.BCE_WITH_LOGITS), pair(logits, hard)),
                Map.entry(each(Kind.FOCAL), pair(logits, hard)),
                Map.entry(each(Kind.BCE), pair(shares, hard)),
                Map.entry(each(Kind.KL_DIV), pair(masked, shares)),
                Map.entry(each(Kind.KL_DIV_LOG), pair(shares, masked)),
                Map.entry(each(Kind.L1), pair(shares, shares)),
                Map.entry(each(Kind.HINGE), pair(new double[] {1, -1, 0.5, 2, -1, Double.NaN}, new double[] {1, -1})));
    }

    /** What a mean divides may be beyond the largest float before it is divided; and a β whose inverse is. */
    private static Stream<Map.Entry<LossSpec, Inputs>> extreme() {
        double[] wide = {-3, -1, -0.5, -0.1, 0.1, 0.3, 0.7, 1.5, 2, 5};
        double[] largest = {Float.MAX_VALUE, -Float.MAX_VALUE, 3.4e38f};
        double[] edges = {0, 1, 0.5, 1e-9f, 1 - 0x1p-24, 1e-30f};
        double[] rates = {0, 1e-30f, 1, 3e38f, 1e-8f};
        double[] many = {1e31f, 0, 5};
        double[] tiny = {0, 1e-40f, -3e-41f, 1, -2, 3e38f};
        LossSpec steep = new LossSpec(Kind.SMOOTH_L1, Reduction.NONE, 1, 28, 1e-40f, 0, false, true);
        return Stream.of(
                Map.entry(mean(Kind.BCE_WITH_LOGITS), pair(wide, largest)),
                Map.entry(mean(Kind.BCE), pair(edges, new double[] {1e27f, -1e27f, 1, 0})),
                Map.entry(mean(Kind.POISSON_NLL), pair(new double[] {88, 88.5, 50, 0, -100}, largest)),
                Map.entry(mean(Kind.POISSON_NLL_RATE), pair(rates, many)),
                Map.entry(steep, pair(tiny, new double[] {0, 0, 0, 1})));
    }

    private static LossSpec mean(Kind kind) {
        return LossSpec.of(kind, Reduction.MEAN, 28, true);
    }

    private static LossSpec each(Kind kind) {
        return LossSpec.of(kind, Reduction.NONE, 28, true);
    }

    private static Inputs pair(double[] prediction, double[] target) {
        return new Inputs(false).put("prediction", repeated(prediction)).put("target", repeated(target));
    }

    /** 28 of them: in whole vectors, and behind them, where scalars do the work. */
    private static double[] repeated(double[] values) {
        double[] more = new double[28];
        Arrays.setAll(more, i -> values[i % values.length]);
        return more;
    }

    @Override
    Map<String, Expected> expected(LossSpec spec, Inputs in) {
        return R64Loss.expected(spec, in);
    }
}
