package io.gatun.contract;

import io.gatun.spec.PenaltySpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The oracle is four lines and stands here. */
final class PenaltyCases extends Family<PenaltySpec> {
    PenaltyCases() {
        super(PenaltySpec.class);
    }

    @Override
    List<PenaltySpec> specs(SplittableRandom random) {
        List<PenaltySpec> specs = new ArrayList<>();
        for (int count : new int[] {0, 1, 5, 16, 33, 65, 1025, 40_000}) {
            specs.add(new PenaltySpec(count, 0.01f, 0));
            specs.add(new PenaltySpec(count, 0, 0.3f));
            specs.add(new PenaltySpec(count, 0.2f, 0.1f));
            specs.add(new PenaltySpec(count, 1, 2));
        }
        return specs;
    }

    @Override
    boolean exactable(PenaltySpec spec) {
        return spec.l1() == 1 && spec.l2() == 2;
    }

    @Override
    Inputs inputs(PenaltySpec spec, boolean exact, SplittableRandom random) {
        return Inputs.random(spec, exact, exact ? 4 : 2, random);
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(PenaltySpec spec, Inputs in) {
        double[] w = in.get("weights");
        double[] before = in.get("diffWeights");
        double[] diff = new double[w.length];
        double[] sizes = new double[w.length];
        double value = 0;
        for (int i = 0; i < w.length; i++) {
            double first = spec.l1() * Math.signum(w[i]);
            double second = 2 * spec.l2() * w[i];
            diff[i] = before[i] + first + second;
            sizes[i] = Math.abs(before[i]) + Math.abs(first) + Math.abs(second);
            value += spec.l1() * Math.abs(w[i]) + spec.l2() * w[i] * w[i];
        }
        double all = value;
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("diffWeights", Expected.sums(diff, sizes, in.exact));
        out.put("value", Expected.sums(new double[] {all}, new double[] {Expected.size(all)}, in.exact));
        return out;
    }
}
