package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class LstmCases extends Family<LstmSpec> {
    LstmCases() {
        super(LstmSpec.class);
    }

    @Override
    List<LstmSpec> specs(SplittableRandom random) {
        List<LstmSpec> specs = new ArrayList<>();
        for (Pass pass : Pass.values()) {
            for (int t : new int[] {0, 1, 2, 7, 100}) {
                specs.add(new LstmSpec(pass, t, 2, 5, 7));
            }
            for (int size : SIZES) {
                specs.add(new LstmSpec(pass, size, 1, 2, 3));
                specs.add(new LstmSpec(pass, 3, size, 4, 6));
                if (size > 0) {
                    specs.add(new LstmSpec(pass, 3, 2, size, 8));
                    specs.add(new LstmSpec(pass, 2, size > 300 ? 1 : 3, 5, size));
                }
            }
            // Rows in two parts, units in two blocks with a rest, steps in three chunks with a rest; then threads.
            specs.add(new LstmSpec(pass, 30, 40, 33, 50));
            specs.add(new LstmSpec(pass, 5, 35, 70, 130));
            for (int i = 0; i < 6; i++) {
                specs.add(new LstmSpec(
                        pass,
                        random.nextInt(1, 8),
                        random.nextInt(1, 9),
                        random.nextInt(1, 40),
                        random.nextInt(1, 40)));
            }
        }
        for (int size : new int[] {0, 1, 5, 17, 100}) {
            specs.add(new LstmSpec(Pass.BACKWARD, size, 2, 5, 7).withConstantSrc());
            specs.add(new LstmSpec(Pass.BACKWARD, 3, size, 4, 6).withConstantSrc());
            specs.add(new LstmSpec(Pass.BACKWARD, 3, 2, size + 1, 8).withConstantSrc());
        }
        specs.add(new LstmSpec(Pass.BACKWARD, 30, 40, 33, 50).withConstantSrc());
        specs.add(new LstmSpec(Pass.BACKWARD, 5, 35, 70, 130).withConstantSrc());
        return specs;
    }

    @Override
    Inputs inputs(LstmSpec spec, boolean exact, SplittableRandom random) {
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
    LstmSpec forwardOf(LstmSpec spec) {
        return spec.pass() == Pass.BACKWARD ? spec.with(Pass.TRAINING) : null;
    }

    @Override
    boolean takesSpecials(LstmSpec spec, String input) {
        return !input.equals("dst");
    }

    @Override
    Map<String, Expected> expected(LstmSpec spec, Inputs in) {
        return R64Lstm.expected(spec, in);
    }

    @Override
    Map<String, Expected> expected(LstmSpec spec, Inputs in, DType storage) {
        return R64Lstm.expected(spec, in, storage);
    }
}
