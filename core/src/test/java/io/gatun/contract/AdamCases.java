package io.gatun.contract;

import io.gatun.spec.AdamSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class AdamCases extends Family<AdamSpec> {
    private static final float ANY = Float.POSITIVE_INFINITY;

    AdamCases() {
        super(AdamSpec.class);
    }

    @Override
    List<AdamSpec> specs(SplittableRandom random) {
        List<AdamSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(AdamSpec.adamW(size));
            specs.add(new AdamSpec(size, size / 3, 0.5f, 0.9f, 1e-3f, 0.2f, true, false, ANY));
            specs.add(new AdamSpec(size, size / 2, 0.9f, 0.95f, 1e-8f, 0.1f, false, false, 0.3f));
            specs.add(new AdamSpec(size, size / 3, 0.9f, 0.99f, 1e-4f, 0.1f, size % 2 == 0, true, 0.2f));
        }
        specs.add(AdamSpec.adamW(50_000));
        specs.add(AdamSpec.adam(20_000));
        return specs;
    }

    @Override
    Inputs inputs(AdamSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, 2, random);
        positive(in, "v");
        if (spec.amsgrad()) {
            positive(in, "vMax");
        }
        int step = random.nextInt(1, 50);
        double c1 = 1 - Math.pow(spec.beta1(), step);
        double c2 = 1 - Math.pow(spec.beta2(), step);
        double lr = 1e-3;
        return in.put("hyper", Inputs.rounded(new double[] {lr, 0.25, lr / c1, 1 / Math.sqrt(c2)}));
    }

    static void positive(Inputs in, String name) {
        double[] values = in.get(name);
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.abs(values[i]);
        }
    }

    @Override
    boolean takesSpecials(AdamSpec spec, String input) {
        return input.equals("params") || input.equals("grads");
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(AdamSpec spec, Inputs in) {
        return R64Adam.expected(spec, in);
    }
}
