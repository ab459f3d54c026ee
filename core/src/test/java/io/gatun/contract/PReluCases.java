package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.PReluSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class PReluCases extends Family<PReluSpec> {
    PReluCases() {
        super(PReluSpec.class);
    }

    @Override
    List<PReluSpec> specs(SplittableRandom random) {
        List<PReluSpec> specs = new ArrayList<>();
        for (Direction direction : Direction.values()) {
            for (int size : new int[] {0, 1, 3, 7, 16, 17, 33, 65, 257}) {
                for (boolean one : new boolean[] {false, true}) {
                    specs.add(new PReluSpec(direction, 5, size, one));
                    specs.add(new PReluSpec(direction, size, 9, one));
                }
            }
            // Pieces; and more rows than one sum takes.
            specs.add(new PReluSpec(direction, 60, 1000, false));
            specs.add(new PReluSpec(direction, 3000, 20, false));
            specs.add(new PReluSpec(direction, 3, 20_000, true));
        }
        return specs;
    }

    @Override
    boolean exactable(PReluSpec spec) {
        return true;
    }

    @Override
    Inputs inputs(PReluSpec spec, boolean exact, SplittableRandom random) {
        return Inputs.random(spec, exact, exact ? exactMagnitude(spec.rows() * spec.cols()) : 2, random);
    }

    @Override
    Map<String, Expected> expected(PReluSpec spec, Inputs in) {
        return R64PRelu.expected(spec, in);
    }
}
