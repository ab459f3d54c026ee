package io.gatun.contract;

import io.gatun.spec.RowNumbersSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

final class RowNumbersCases extends Family<RowNumbersSpec> {
    RowNumbersCases() {
        super(RowNumbersSpec.class);
    }

    @Override
    List<RowNumbersSpec> specs(SplittableRandom random) {
        List<RowNumbersSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new RowNumbersSpec(7, Math.max(1, size), size, 3));
            specs.add(new RowNumbersSpec(5, 4, size, 1));
            specs.add(new RowNumbersSpec(11, 3, 9, size));
        }
        return specs;
    }

    @Override
    Inputs inputs(RowNumbersSpec spec, boolean exact, SplittableRandom random) {
        return new Inputs(exact)
                .put(
                        "indices",
                        random.ints(spec.given(), 0, spec.n()).asDoubleStream().toArray());
    }

    @Override
    boolean takesSpecials(RowNumbersSpec spec, String input) {
        return false;
    }

    @Override
    boolean bitwise() {
        return true;
    }

    /** The first and the last that an index may be. */
    @Override
    Stream<Map.Entry<RowNumbersSpec, Inputs>> specialCases(SplittableRandom random) {
        RowNumbersSpec spec = new RowNumbersSpec(1000, 2, 4, 9);
        return Stream.of(Map.entry(spec, new Inputs(false).put("indices", 0, 999, 999, 0)));
    }

    @Override
    Map<String, Expected> expected(RowNumbersSpec spec, Inputs in) {
        double[] indices = in.get("indices");
        double[] rows = new double[(int) (spec.given() * spec.times())];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Math.floor((double) i / spec.k()) * spec.n() + indices[i % indices.length];
        }
        return Map.of("rows", Expected.exact(rows));
    }
}
