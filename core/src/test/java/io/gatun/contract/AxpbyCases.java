package io.gatun.contract;

import io.gatun.spec.AxpbySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class AxpbyCases extends Family<AxpbySpec> {
    AxpbyCases() {
        super(AxpbySpec.class);
    }

    @Override
    List<AxpbySpec> specs(SplittableRandom random) {
        List<AxpbySpec> specs = new ArrayList<>();
        for (float alpha : new float[] {1, -2, 0, 0.3f}) {
            for (float beta : new float[] {0, 1, -3, 0.7f}) {
                for (int size : SIZES) {
                    specs.add(new AxpbySpec(size, alpha, beta));
                }
            }
            specs.add(new AxpbySpec(50_000, alpha, 2));
        }
        return specs;
    }

    @Override
    boolean exactable(AxpbySpec spec) {
        return spec.alpha() == Math.rint(spec.alpha()) && spec.beta() == Math.rint(spec.beta());
    }

    @Override
    Inputs inputs(AxpbySpec spec, boolean exact, SplittableRandom random) {
        return Inputs.random(spec, exact, exact ? 100 : 2, random);
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(AxpbySpec spec, Inputs in) {
        return R64Axpby.expected(spec, in);
    }
}
