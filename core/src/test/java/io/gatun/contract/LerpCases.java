package io.gatun.contract;

import io.gatun.spec.LerpSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class LerpCases extends Family<LerpSpec> {
    LerpCases() {
        super(LerpSpec.class);
    }

    @Override
    List<LerpSpec> specs(SplittableRandom random) {
        List<LerpSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new LerpSpec(size));
        }
        specs.add(new LerpSpec(50_000));
        return specs;
    }

    @Override
    Inputs inputs(LerpSpec spec, boolean exact, SplittableRandom random) {
        return Inputs.random(spec, false, 2, random).put("weight", (float) random.nextDouble());
    }

    @Override
    boolean takesSpecials(LerpSpec spec, String input) {
        return !input.equals("weight");
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(LerpSpec spec, Inputs in) {
        double weight = in.get("weight")[0];
        double[] x = in.get("x");
        double[] y = in.get("y");
        double[] out = new double[x.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = y[i] + weight * (x[i] - y[i]);
        }
        return Map.of(
                "y",
                Expected.of(
                                out,
                                i -> Expected.ulp(Math.max(Math.abs(x[i]), Math.abs(y[i])))
                                        + Expected.ulp(weight * (x[i] - y[i])))
                        .reaching(i -> Math.abs(x[i]) + Math.abs(y[i])));
    }
}
