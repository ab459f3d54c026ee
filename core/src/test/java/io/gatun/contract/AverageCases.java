package io.gatun.contract;

import io.gatun.spec.AverageSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class AverageCases extends Family<AverageSpec> {
    AverageCases() {
        super(AverageSpec.class);
    }

    @Override
    List<AverageSpec> specs(SplittableRandom random) {
        List<AverageSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new AverageSpec(size));
        }
        return specs;
    }

    @Override
    Inputs inputs(AverageSpec spec, boolean exact, SplittableRandom random) {
        return Inputs.random(spec, false, 2, random).putLongs("samples", 1 + random.nextInt(50));
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(AverageSpec spec, Inputs in) {
        double[] x = in.get("x");
        double[] y = in.get("y");
        double[] out = new double[x.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = y[i] + (x[i] - y[i]) / in.getLongs("samples")[0];
        }
        return Map.of(
                "y",
                Expected.of(
                        out, i -> 0.51 * Expected.ulp(out[i]) + 1e-12 * (Expected.size(x[i]) + Expected.size(y[i]))));
    }
}
