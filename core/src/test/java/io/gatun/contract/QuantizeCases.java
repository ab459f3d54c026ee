package io.gatun.contract;

import io.gatun.spec.QuantizeSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class QuantizeCases extends Family<QuantizeSpec> {
    QuantizeCases() {
        super(QuantizeSpec.class);
    }

    @Override
    List<QuantizeSpec> specs(SplittableRandom random) {
        List<QuantizeSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new QuantizeSpec(size));
        }
        specs.add(new QuantizeSpec(40_000));
        return specs;
    }

    /** A scale of 1/2 and integers: every second one lies in the middle of two bytes after a further halving. */
    @Override
    boolean exactable(QuantizeSpec spec) {
        return true;
    }

    @Override
    Inputs inputs(QuantizeSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, exact, 300, random);
        int zeroPoint = exact ? 101 : pick(random, 0, 3, 128, 255);
        return in.put("scale", exact ? 2 : 1.3f).put("zeroPoint", zeroPoint);
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    boolean takesSpecials(QuantizeSpec spec, String input) {
        return input.equals("src");
    }

    @Override
    Map<String, Expected> expected(QuantizeSpec spec, Inputs in) {
        double[] src = in.get("src");
        double scale = in.get("scale")[0];
        double zeroPoint = in.get("zeroPoint")[0];
        double[] dst = new double[src.length];
        double[] tolerance = new double[src.length];
        boolean nan = false;
        for (int i = 0; i < src.length; i++) {
            double steps = (float) src[i] / scale;
            nan |= Double.isNaN(steps);
            dst[i] = Double.isNaN(steps) ? 0 : Math.clamp(Math.rint(steps + zeroPoint), 0, 255);
            // Rounding to float on the way may move what lies close to a half to its other side.
            double fromHalf = Math.abs(steps - Math.floor(steps) - 0.5);
            tolerance[i] = !in.exact && fromHalf <= 2 * Expected.U * (Math.abs(steps) + 255) ? 1 : 0;
        }
        return Map.of("dst", Expected.of(dst, i -> tolerance[i]), "dstScale", Expected.exact(new double[] {
            nan ? Double.NaN : scale
        }));
    }
}
