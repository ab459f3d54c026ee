package io.gatun.contract;

import io.gatun.spec.BinarySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class BinaryCases extends Family<BinarySpec> {
    private static final int[] FEW = {1, 7, 16, 33, 65};

    BinaryCases() {
        super(BinarySpec.class);
    }

    @Override
    List<BinarySpec> specs(SplittableRandom random) {
        List<BinarySpec> specs = new ArrayList<>();
        for (BinarySpec.Op op : BinarySpec.Op.values()) {
            for (BinarySpec.Broadcast broadcast : BinarySpec.Broadcast.values()) {
                for (int size : op.ordinal() <= BinarySpec.Op.DIV.ordinal() ? SIZES : FEW) {
                    specs.add(new BinarySpec(op, broadcast, 3, size));
                    specs.add(new BinarySpec(op, broadcast, size, 5));
                }
                specs.add(new BinarySpec(op, broadcast, 129, 7));
                specs.add(new BinarySpec(op, broadcast, 0, 7));
                specs.add(new BinarySpec(op, broadcast, 60, 400));
            }
        }
        return specs;
    }

    @Override
    boolean exactable(BinarySpec spec) {
        return spec.op() != BinarySpec.Op.DIV && spec.op() != BinarySpec.Op.SHARE;
    }

    @Override
    Inputs inputs(BinarySpec spec, boolean exact, SplittableRandom random) {
        if (spec.op() == BinarySpec.Op.SHARE) {
            // Whole numbers, of which many are equal.
            return Inputs.random(spec, true, 4, random);
        }
        return Inputs.random(spec, exact, exact ? 1000 : 3, random);
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(BinarySpec spec, Inputs in) {
        return R64Binary.expected(spec, in);
    }
}
