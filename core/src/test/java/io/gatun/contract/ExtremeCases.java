package io.gatun.contract;

import io.gatun.spec.ExtremeSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Few different numbers, so that many are equal and the first of them is asked for. */
final class ExtremeCases extends Family<ExtremeSpec> {
    ExtremeCases() {
        super(ExtremeSpec.class);
    }

    @Override
    List<ExtremeSpec> specs(SplittableRandom random) {
        List<ExtremeSpec> specs = new ArrayList<>();
        for (ExtremeSpec.Op op : ExtremeSpec.Op.values()) {
            for (int size : SIZES) {
                if (size > 0) {
                    specs.add(new ExtremeSpec(op, false, 3, size, 1));
                    specs.add(new ExtremeSpec(op, true, 2, size, 5));
                }
                specs.add(new ExtremeSpec(op, true, size, 4, 1));
                specs.add(new ExtremeSpec(op, false, 2, 3, size));
            }
        }
        return specs;
    }

    @Override
    Inputs inputs(ExtremeSpec spec, boolean exact, SplittableRandom random) {
        return random.nextBoolean() ? Inputs.random(spec, true, 6, random) : Inputs.random(spec, false, 2, random);
    }

    @Override
    boolean bitwise() {
        return true;
    }

    @Override
    boolean manyZeros(String output) {
        return true;
    }

    @Override
    Stream<Map.Entry<ExtremeSpec, Inputs>> specialCases(SplittableRandom random) {
        return Stream.of(ExtremeSpec.Op.values()).flatMap(op -> {
            ExtremeSpec rows = new ExtremeSpec(op, false, 3, 70, 1);
            ExtremeSpec columns = new ExtremeSpec(op, true, 2, 9, 40);
            Inputs first = Inputs.random(rows, true, 6, random);
            Inputs second = Inputs.random(columns, true, 6, random);
            double[] equal = new double[210];
            double[] low = new double[210];
            java.util.Arrays.fill(low, Double.NEGATIVE_INFINITY);
            equal[1] = -0.0;
            return Stream.of(
                    Map.entry(rows, first.with("src", 33, Double.NaN).with("src", 65, Double.NaN)),
                    Map.entry(rows, first.with("src", 70, Double.NaN).with("src", 209, Double.NaN)),
                    Map.entry(rows, first.with("src", equal)),
                    Map.entry(rows, first.with("src", low)),
                    Map.entry(columns, second.with("src", 47, Double.NaN).with("src", 87, Double.NaN)));
        });
    }

    @Override
    Map<String, Expected> expected(ExtremeSpec spec, Inputs in) {
        double[] src = in.get("src");
        int inner = (int) spec.inner();
        double[] places = new double[(int) (spec.outer() * inner)];
        for (int o = 0; o < spec.outer(); o++) {
            for (int i = 0; i < inner; i++) {
                // From the last to the first: what is not beaten by a later one stays.
                int best = spec.n() - 1;
                for (int k = spec.n() - 2; k >= 0; k--) {
                    double x = rank(spec, src[(o * spec.n() + k) * inner + i]);
                    best = x >= rank(spec, src[(o * spec.n() + best) * inner + i]) ? k : best;
                }
                places[o * inner + i] = spec.inAll() ? (o * spec.n() + best) * inner + i : best;
            }
        }
        return Map.of("dst", Expected.exact(places));
    }

    /** Larger is more extreme, and nothing is more so than NaN. */
    private static double rank(ExtremeSpec spec, double x) {
        double up = spec.op() == ExtremeSpec.Op.MAX ? x : -x;
        return Double.isNaN(x) ? 1e300 : Double.isInfinite(up) ? Math.copySign(1e299, up) : up;
    }
}
