package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.spec.CastSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The oracle rounds in double by its own rule: to the nearest multiple of the last place, ties to the even one. */
final class CastCases extends Family<CastSpec> {
    private static final DType[][] PAIRS = {
        {DType.F32, DType.BF16}, {DType.F32, DType.F16}, {DType.BF16, DType.F32}, {DType.F16, DType.F32}
    };

    CastCases() {
        super(CastSpec.class);
    }

    @Override
    List<CastSpec> specs(SplittableRandom random) {
        List<CastSpec> specs = new ArrayList<>();
        for (DType[] pair : PAIRS) {
            for (int size : SIZES) {
                specs.add(new CastSpec(pair[0], pair[1], size));
            }
        }
        specs.add(new CastSpec(DType.F16, DType.BF16, 100));
        return specs;
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Inputs inputs(CastSpec spec, boolean exact, SplittableRandom random) {
        double[] values = new double[(int) spec.count()];
        for (int i = 0; i < values.length; i++) {
            // All magnitudes that a float16 has, and some ties.
            double real = Math.scalb(random.nextDouble(-2, 2), random.nextInt(-26, 17));
            double tie = (2 * random.nextInt(256, 4096) + 1) / 16.0;
            values[i] = rounded(spec.from(), (float) (random.nextInt(4) == 0 ? tie : real));
        }
        return new Inputs(false).put("src", values);
    }

    @Override
    Map<String, Expected> expected(CastSpec spec, Inputs in) {
        double[] src = in.get("src");
        double[] out = new double[src.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = rounded(spec.to(), rounded(spec.from(), src[i]));
        }
        return Map.of("dst", Expected.bits(out));
    }

    private static double rounded(DType type, double value) {
        if (type == DType.F32 || value == 0 || !Double.isFinite(value)) {
            return (float) value;
        }
        int bits = type == DType.BF16 ? 8 : 11;
        int least = type == DType.BF16 ? -126 : -14;
        double most = type == DType.BF16 ? 0x1.FEp127 : 65504;
        double unit = Math.scalb(1.0, Math.max(least, Math.getExponent(value)) + 1 - bits);
        double nearest = Math.rint(value / unit) * unit;
        return Math.abs(nearest) > most
                ? Math.copySign(Double.POSITIVE_INFINITY, value)
                : Math.copySign(nearest, value);
    }
}
