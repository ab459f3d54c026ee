package io.gatun.contract;

import io.gatun.spec.Dims;
import io.gatun.spec.ReduceSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

final class ReduceCases extends Family<ReduceSpec> {
    ReduceCases() {
        super(ReduceSpec.class);
    }

    @Override
    List<ReduceSpec> specs(SplittableRandom random) {
        List<ReduceSpec> specs = new ArrayList<>();
        for (ReduceSpec.Op op : ReduceSpec.Op.values()) {
            for (int size : SIZES) {
                specs.add(ReduceSpec.all(op, size));
                specs.add(ReduceSpec.rows(op, size, 5));
                specs.add(ReduceSpec.rows(op, 4, size));
                specs.add(new ReduceSpec(op, Dims.of(3, size), Dims.of(1)));
            }
            specs.add(ReduceSpec.all(op, 200_000));
            specs.add(ReduceSpec.rows(op, 3000, 33));
            for (int axes = 0; axes < 16; axes++) {
                int set = axes;
                int[] chosen =
                        IntStream.range(0, 4).filter(i -> (set >> i & 1) != 0).toArray();
                specs.add(new ReduceSpec(op, Dims.of(3, 4, 5, 17), Dims.of(chosen)));
            }
        }
        return specs;
    }

    @Override
    boolean exactable(ReduceSpec spec) {
        return spec.op() != ReduceSpec.Op.MEAN || meanMagnitude(spec) > 0;
    }

    /** Multiples of the extent make the mean an integer, while their sum stays below 2^24; 0 where it does not. */
    private static long meanMagnitude(ReduceSpec spec) {
        long terms = Math.max(1, spec.reduced());
        return Math.min(8, (1 << 24) / (terms * terms));
    }

    @Override
    Inputs inputs(ReduceSpec spec, boolean exact, SplittableRandom random) {
        if (exact && spec.op() == ReduceSpec.Op.MEAN) {
            return Inputs.random(spec, true, meanMagnitude(spec), random).times(Math.max(1, spec.reduced()));
        }
        return Inputs.random(spec, exact, exact ? exactMagnitude(spec.reduced()) : 2, random);
    }

    @Override
    Map<String, Expected> expected(ReduceSpec spec, Inputs in) {
        return R64Reduce.expected(spec, in);
    }
}
