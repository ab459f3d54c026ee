package io.gatun.contract;

import io.gatun.spec.CopySpec;
import io.gatun.spec.Dims;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class CopyCases extends Family<CopySpec> {
    CopyCases() {
        super(CopySpec.class);
    }

    private static CopySpec of(boolean add, int[] shape, int[] src, int[] dst) {
        return new CopySpec(add, Dims.of(shape), Dims.of(src), Dims.of(dst));
    }

    @Override
    List<CopySpec> specs(SplittableRandom random) {
        List<CopySpec> specs = new ArrayList<>();
        for (boolean add : new boolean[] {false, true}) {
            for (int size : SIZES) {
                // Columns cut out of wider rows, and put into wider ones.
                specs.add(of(add, new int[] {3, size}, new int[] {size + 2, 1}, new int[] {size, 1}));
                specs.add(of(add, new int[] {size, 5}, new int[] {5, 1}, new int[] {9, 1}));
            }
            // A number, a row, a column and a plane repeated.
            specs.add(of(add, new int[] {35}, new int[] {0}, new int[] {1}));
            specs.add(of(add, new int[] {7, 33}, new int[] {0, 1}, new int[] {33, 1}));
            specs.add(of(add, new int[] {7, 33}, new int[] {1, 0}, new int[] {33, 1}));
            specs.add(of(add, new int[] {2, 3, 5, 4}, new int[] {20, 0, 4, 1}, new int[] {60, 20, 4, 1}));
            // Every other element, on either side; windows that overlap; a single element; no axis; a gap in the
            // middle.
            specs.add(of(add, new int[] {4, 19}, new int[] {38, 2}, new int[] {19, 1}));
            specs.add(of(add, new int[] {19, 4}, new int[] {4, 1}, new int[] {1, 25}));
            specs.add(of(add, new int[] {9, 4}, new int[] {2, 1}, new int[] {4, 1}));
            specs.add(of(add, new int[] {1, 1}, new int[] {7, 3}, new int[] {0, 0}));
            specs.add(of(add, new int[] {}, new int[] {}, new int[] {}));
            specs.add(of(add, new int[] {2, 3, 2, 5}, new int[] {60, 12, 5, 1}, new int[] {90, 30, 15, 3}));
            // Cut into pieces by rows, and along one row.
            specs.add(of(add, new int[] {90, 700}, new int[] {701, 1}, new int[] {1400, 1}));
            specs.add(of(add, new int[] {50_001}, new int[] {1}, new int[] {1}));
            specs.add(of(add, new int[] {2, 40_000}, new int[] {0, 1}, new int[] {40_000, 1}));
        }
        return specs;
    }

    @Override
    boolean exactable(CopySpec spec) {
        return true;
    }

    @Override
    Inputs inputs(CopySpec spec, boolean exact, SplittableRandom random) {
        return Inputs.random(spec, exact, 100, random);
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(CopySpec spec, Inputs in) {
        return R64Copy.expected(spec, in);
    }
}
