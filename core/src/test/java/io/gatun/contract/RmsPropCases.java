package io.gatun.contract;

import io.gatun.spec.RmsPropSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class RmsPropCases extends Family<RmsPropSpec> {
    private static final float ANY = Float.POSITIVE_INFINITY;

    RmsPropCases() {
        super(RmsPropSpec.class);
    }

    @Override
    List<RmsPropSpec> specs(SplittableRandom random) {
        List<RmsPropSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new RmsPropSpec(size, size, 0.99f, 1e-8f, 0, 0, false, false, ANY));
            specs.add(new RmsPropSpec(size, size / 3, 0.9f, 1e-7f, 0, 0.1f, false, true, 0.3f));
            specs.add(new RmsPropSpec(size, size / 2, 0.9f, 1e-3f, 0.9f, 0.1f, true, false, ANY));
        }
        specs.add(new RmsPropSpec(20_000, 0, 0.95f, 1e-8f, 0, 0.1f, true, true, ANY));
        specs.add(new RmsPropSpec(40_000, 20_000, 0.95f, 1e-8f, 0.5f, 0.1f, false, false, 0.5f));
        return specs;
    }

    /** Squares that are at least four times the mean's: what is left of them then has their precision. */
    @Override
    Inputs inputs(RmsPropSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, 2, random);
        double[] square = in.get("square");
        for (int i = 0; i < square.length; i++) {
            square[i] = (float) (1 + Math.abs(square[i]));
        }
        if (spec.centered()) {
            in.put("mean", Inputs.reals(square.length, 0.3, random));
        }
        return in.put("hyper", Inputs.rounded(new double[] {0.01, 0.37, 0, 0}));
    }

    @Override
    boolean takesSpecials(RmsPropSpec spec, String input) {
        return input.equals("params") || input.equals("grads");
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(RmsPropSpec spec, Inputs in) {
        return R64RmsProp.expected(spec, in);
    }
}
