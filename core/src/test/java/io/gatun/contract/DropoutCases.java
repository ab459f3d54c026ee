package io.gatun.contract;

import io.gatun.spec.DropoutSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class DropoutCases extends Family<DropoutSpec> {
    DropoutCases() {
        super(DropoutSpec.class);
    }

    @Override
    List<DropoutSpec> specs(SplittableRandom random) {
        List<DropoutSpec> specs = new ArrayList<>();
        for (float p : new float[] {0, 0.1f, 0.5f, 0.9f, 1}) {
            for (int size : SIZES) {
                specs.add(new DropoutSpec(size, p));
            }
        }
        specs.add(new DropoutSpec(40_000, 0.3f));
        return specs;
    }

    @Override
    Inputs inputs(DropoutSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, 3, random);
        return in.putLongs("rng", random.nextLong(), random.nextInt(1 << 20), random.nextInt(100));
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(DropoutSpec spec, Inputs in) {
        return R64Dropout.expected(spec, in);
    }
}
