package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class GruCases extends Family<GruSpec> {
    GruCases() {
        super(GruSpec.class);
    }

    @Override
    List<GruSpec> specs(SplittableRandom random) {
        List<GruSpec> specs = new ArrayList<>();
        for (Pass pass : Pass.values()) {
            for (int t : new int[] {0, 1, 2, 7, 100}) {
                specs.add(new GruSpec(pass, t, 2, 5, 7));
            }
            for (int size : SIZES) {
                specs.add(new GruSpec(pass, size, 1, 2, 3));
                specs.add(new GruSpec(pass, 3, size, 4, 6));
                if (size > 0) {
                    specs.add(new GruSpec(pass, 3, 2, size, 8));
                    specs.add(new GruSpec(pass, 2, size > 300 ? 1 : 3, 5, size));
                }
            }
            // Rows in two parts, units in two blocks with a rest, steps in three chunks with a rest; then threads.
            specs.add(new GruSpec(pass, 30, 40, 33, 50));
            specs.add(new GruSpec(pass, 5, 35, 70, 130));
            for (int i = 0; i < 6; i++) {
                specs.add(new GruSpec(
                        pass,
                        random.nextInt(1, 8),
                        random.nextInt(1, 9),
                        random.nextInt(1, 40),
                        random.nextInt(1, 40)));
            }
        }
        for (int size : new int[] {0, 1, 5, 17, 100}) {
            specs.add(new GruSpec(Pass.BACKWARD, size, 2, 5, 7).withConstantSrc());
            specs.add(new GruSpec(Pass.BACKWARD, 3, size, 4, 6).withConstantSrc());
            specs.add(new GruSpec(Pass.BACKWARD, 3, 2, size + 1, 8).withConstantSrc());
        }
        specs.add(new GruSpec(Pass.BACKWARD, 30, 40, 33, 50).withConstantSrc());
        specs.add(new GruSpec(Pass.BACKWARD, 5, 35, 70, 130).withConstantSrc());
        return specs;
    }

    @Override
    Inputs inputs(GruSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, 1, random);
        double scale = 1.5 / Math.sqrt(spec.h());
        for (String name : new String[] {"weightsIh", "weightsHh"}) {
            double[] weights = in.get(name);
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) (weights[i] * scale);
            }
        }
        return in;
    }

    @Override
    GruSpec forwardOf(GruSpec spec) {
        return spec.pass() == Pass.BACKWARD ? spec.with(Pass.TRAINING) : null;
    }

    @Override
    boolean takesSpecials(GruSpec spec, String input) {
        return !input.equals("dst");
    }

    @Override
    Map<String, Expected> expected(GruSpec spec, Inputs in) {
        return R64Gru.expected(spec, in);
    }

    @Override
    Map<String, Expected> expected(GruSpec spec, Inputs in, DType storage) {
        return R64Gru.expected(spec, in, storage);
    }
}
