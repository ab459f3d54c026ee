package io.gatun.contract;

import io.gatun.spec.PaddingMaskSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

final class PaddingMaskCases extends Family<PaddingMaskSpec> {
    PaddingMaskCases() {
        super(PaddingMaskSpec.class);
    }

    @Override
    List<PaddingMaskSpec> specs(SplittableRandom random) {
        List<PaddingMaskSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new PaddingMaskSpec(size, 6));
            if (size > 0) {
                specs.add(new PaddingMaskSpec(5, size));
            }
        }
        specs.add(new PaddingMaskSpec(0, 0));
        return specs;
    }

    @Override
    Inputs inputs(PaddingMaskSpec spec, boolean exact, SplittableRandom random) {
        double[] lengths = new double[spec.batch()];
        for (int b = 0; b < lengths.length; b++) {
            lengths[b] = random.nextInt(1, spec.keys() + 1);
        }
        return new Inputs(exact).put("lengths", lengths);
    }

    @Override
    boolean takesSpecials(PaddingMaskSpec spec, String input) {
        return false;
    }

    @Override
    boolean bitwise() {
        return true;
    }

    /** The shortest and the longest. */
    @Override
    Stream<Map.Entry<PaddingMaskSpec, Inputs>> specialCases(SplittableRandom random) {
        return Stream.of(Map.entry(new PaddingMaskSpec(3, 40), new Inputs(false).put("lengths", 1, 40, 1)));
    }

    @Override
    Map<String, Expected> expected(PaddingMaskSpec spec, Inputs in) {
        double[] mask = new double[spec.batch() * spec.keys()];
        for (int b = 0; b < spec.batch(); b++) {
            int from = b * spec.keys() + (int) in.get("lengths")[b];
            Arrays.fill(mask, from, (b + 1) * spec.keys(), Double.NEGATIVE_INFINITY);
        }
        return Map.of("mask", Expected.bits(mask));
    }
}
