package io.gatun.contract;

import io.gatun.spec.Dims;
import io.gatun.spec.PermuteSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class PermuteCases extends Family<PermuteSpec> {
    PermuteCases() {
        super(PermuteSpec.class);
    }

    @Override
    List<PermuteSpec> specs(SplittableRandom random) {
        List<PermuteSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(PermuteSpec.transpose(size, 7));
            specs.add(PermuteSpec.transpose(17, size));
            specs.add(new PermuteSpec(Dims.of(size), Dims.of(0)));
            specs.add(new PermuteSpec(Dims.of(2, size, 3), Dims.of(0, 2, 1)));
        }
        specs.add(PermuteSpec.transpose(130, 260));
        // Strips of rows and blocks of columns, the last ones larger.
        specs.add(PermuteSpec.transpose(1100, 70));
        specs.add(new PermuteSpec(Dims.of(), Dims.of()));
        for (int code = 0; code < 256; code++) {
            int[] order = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
            if (java.util.Arrays.stream(order).distinct().count() == 4) {
                specs.add(new PermuteSpec(Dims.of(3, 5, 4, 9), Dims.of(order)));
            }
        }
        specs.add(new PermuteSpec(Dims.of(2, 3, 1, 4, 5), Dims.of(4, 1, 3, 0, 2)));
        return specs;
    }

    @Override
    boolean exactable(PermuteSpec spec) {
        return true;
    }

    @Override
    Inputs inputs(PermuteSpec spec, boolean exact, SplittableRandom random) {
        return Inputs.random(spec, exact, 100, random);
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(PermuteSpec spec, Inputs in) {
        return R64Permute.expected(spec, in);
    }
}
