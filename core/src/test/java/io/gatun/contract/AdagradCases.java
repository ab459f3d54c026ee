package io.gatun.contract;

import io.gatun.spec.AdagradSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class AdagradCases extends Family<AdagradSpec> {
    AdagradCases() {
        super(AdagradSpec.class);
    }

    @Override
    List<AdagradSpec> specs(SplittableRandom random) {
        List<AdagradSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new AdagradSpec(size, size / 3, 1e-10f, size % 2 == 0 ? 0 : 0.1f, Float.POSITIVE_INFINITY));
            specs.add(new AdagradSpec(size, size, 1e-3f, 0.2f, 0.3f));
        }
        specs.add(new AdagradSpec(40_000, 0, 1e-10f, 0.1f, Float.POSITIVE_INFINITY));
        return specs;
    }

    @Override
    Inputs inputs(AdagradSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, 2, random);
        AdamCases.positive(in, "sum");
        return in.put("hyper", Inputs.rounded(new double[] {0.1, 0.37, 0, 0}));
    }

    @Override
    boolean takesSpecials(AdagradSpec spec, String input) {
        return input.equals("params") || input.equals("grads");
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(AdagradSpec spec, Inputs in) {
        return R64Adagrad.expected(spec, in);
    }
}
