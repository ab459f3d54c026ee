package io.gatun.contract;

import io.gatun.spec.WhereSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class WhereCases extends Family<WhereSpec> {
    WhereCases() {
        super(WhereSpec.class);
    }

    @Override
    List<WhereSpec> specs(SplittableRandom random) {
        List<WhereSpec> specs = new ArrayList<>();
        for (int ones = 0; ones < 4; ones++) {
            for (int size : new int[] {0, 1, 3, 7, 8, 16, 17, 33, 129, 1025, 40_000}) {
                specs.add(new WhereSpec(size, (ones & 1) != 0, (ones & 2) != 0));
            }
        }
        return specs;
    }

    @Override
    boolean exactable(WhereSpec spec) {
        return true;
    }

    @Override
    Inputs inputs(WhereSpec spec, boolean exact, SplittableRandom random) {
        double[] mask = new double[(int) spec.count()];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = random.nextBoolean() ? 0 : pick(random, 1, -3);
        }
        return Inputs.random(spec, exact, 50, random).put("mask", mask);
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(WhereSpec spec, Inputs in) {
        return R64Where.expected(spec, in);
    }
}
