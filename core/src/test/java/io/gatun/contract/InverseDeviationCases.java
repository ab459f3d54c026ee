package io.gatun.contract;

import io.gatun.spec.InverseDeviationSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class InverseDeviationCases extends Family<InverseDeviationSpec> {
    InverseDeviationCases() {
        super(InverseDeviationSpec.class);
    }

    @Override
    List<InverseDeviationSpec> specs(SplittableRandom random) {
        List<InverseDeviationSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new InverseDeviationSpec(size, 1e-5f));
        }
        specs.add(new InverseDeviationSpec(40, 0.5f));
        return specs;
    }

    @Override
    Inputs inputs(InverseDeviationSpec spec, boolean exact, SplittableRandom random) {
        double[] variance = Inputs.reals((int) spec.count(), pick(random, 1, 100), random);
        for (int i = 0; i < variance.length; i++) {
            variance[i] = Math.abs(variance[i]);
        }
        return new Inputs(false).put("variance", variance);
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(InverseDeviationSpec spec, Inputs in) {
        double[] variance = in.get("variance");
        double[] out = new double[variance.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = Math.pow(variance[i] + spec.eps(), -0.5);
            if (variance[i] == Double.NEGATIVE_INFINITY) {
                out[i] = Double.NaN; // Math.pow takes the limit of its square
            }
        }
        return Map.of("dst", Expected.ulps(out, 0.01));
    }
}
