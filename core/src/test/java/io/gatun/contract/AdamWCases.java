package io.gatun.contract;

import io.gatun.spec.AdamWSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class AdamWCases extends Family<AdamWSpec> {
    AdamWCases() {
        super(AdamWSpec.class);
    }

    @Override
    List<AdamWSpec> specs(SplittableRandom random) {
        List<AdamWSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(AdamWSpec.of(size));
            specs.add(new AdamWSpec(size, size / 3, 0.5f, 0.9f, 1e-3f, 0.2f));
            specs.add(new AdamWSpec(size, 0, 0.9f, 0.95f, 1e-8f, 0.1f));
        }
        specs.add(AdamWSpec.of(50_000));
        return specs;
    }

    @Override
    Inputs inputs(AdamWSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, 2, random);
        double[] v = in.get("v");
        for (int i = 0; i < v.length; i++) {
            v[i] = Math.abs(v[i]);
        }
        int step = random.nextInt(1, 50);
        double c1 = 1 - Math.pow(spec.beta1(), step);
        double c2 = 1 - Math.pow(spec.beta2(), step);
        double lr = 1e-3;
        return in.put("hyper", Inputs.rounded(new double[] {lr, 0.25, lr / c1, 1 / Math.sqrt(c2)}));
    }

    @Override
    boolean takesSpecials(AdamWSpec spec, String input) {
        return input.equals("params") || input.equals("grads");
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(AdamWSpec spec, Inputs in) {
        return R64AdamW.expected(spec, in);
    }
}
