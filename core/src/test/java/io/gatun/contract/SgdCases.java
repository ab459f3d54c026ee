package io.gatun.contract;

import io.gatun.spec.SgdSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

final class SgdCases extends Family<SgdSpec> {
    SgdCases() {
        super(SgdSpec.class);
    }

    @Override
    List<SgdSpec> specs(SplittableRandom random) {
        List<SgdSpec> specs = new ArrayList<>();
        for (int size :
                IntStream.concat(Arrays.stream(SIZES), IntStream.of(30_000)).toArray()) {
            for (int decayed : new int[] {0, size / 3, size}) {
                specs.add(new SgdSpec(size, decayed, 0, 0, false, 1e-4f));
                specs.add(new SgdSpec(size, decayed, 0.9f, 0, false, 5e-4f));
                specs.add(new SgdSpec(size, decayed, 0.9f, 0, true, 0.1f));
                specs.add(new SgdSpec(size, decayed, 0.5f, 0.25f, false, 0));
            }
        }
        return specs;
    }

    @Override
    Inputs inputs(SgdSpec spec, boolean exact, SplittableRandom random) {
        return Inputs.random(spec, false, 2, random)
                .put("hyper", 0.1f, pick(random, 1, 0, 0) == 1 ? 1 : 0.37f, random.nextInt(3) == 0 ? 1 : 0, 0);
    }

    @Override
    boolean takesSpecials(SgdSpec spec, String input) {
        return !input.equals("hyper") && !input.equals("momentumBuffer");
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(SgdSpec spec, Inputs in) {
        return R64Sgd.expected(spec, in);
    }
}
