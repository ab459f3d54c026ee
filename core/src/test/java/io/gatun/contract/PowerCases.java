package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.PowerSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Within a rounding of Math.pow: in double a unit in the last place decides a float's rounding once in 2^29 cases. */
final class PowerCases extends Family<PowerSpec> {
    PowerCases() {
        super(PowerSpec.class);
    }

    @Override
    List<PowerSpec> specs(SplittableRandom random) {
        List<PowerSpec> specs = new ArrayList<>();
        for (Direction direction : Direction.values()) {
            for (float exponent : new float[] {0, 1, 3, -1, -0.5f, 1.5f, 0.3333f, 7.25f, -4}) {
                for (int size : new int[] {0, 1, 7, 33, 129}) {
                    specs.add(new PowerSpec(direction, exponent, size));
                }
            }
            specs.add(new PowerSpec(direction, 2.5f, 3_000));
        }
        return specs;
    }

    @Override
    Inputs inputs(PowerSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, pick(random, 1, 5, 60), random);
        if (spec.exponent() != Math.rint(spec.exponent())) {
            // Of a negative number other powers are NaN: one in eight shows it.
            double[] src = in.get("src");
            for (int i = 0; i < src.length; i++) {
                src[i] = i % 8 == 3 ? src[i] : Math.abs(src[i]);
            }
        }
        return in;
    }

    @Override
    Map<String, Expected> expected(PowerSpec spec, Inputs in) {
        double[] src = in.get("src");
        double p = spec.exponent();
        double[] out = new double[src.length];
        boolean forward = spec.direction() == Direction.FORWARD;
        for (int i = 0; i < out.length; i++) {
            double slope = p == 0 ? 0 : p * Math.pow(src[i], p - 1);
            out[i] = forward ? Math.pow(src[i], p) : in.get("diffDst")[i] * slope;
        }
        return Map.of(forward ? "dst" : "diffSrc", Expected.ulps(out, 0.01));
    }
}
