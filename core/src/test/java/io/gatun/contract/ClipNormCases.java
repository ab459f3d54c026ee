package io.gatun.contract;

import io.gatun.spec.ClipNormSpec;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class ClipNormCases extends Family<ClipNormSpec> {
    ClipNormCases() {
        super(ClipNormSpec.class);
    }

    @Override
    List<ClipNormSpec> specs(SplittableRandom random) {
        // Norms that clip and norms that do not.
        return List.of(
                new ClipNormSpec(1),
                new ClipNormSpec(0.01f),
                new ClipNormSpec(5),
                new ClipNormSpec(1e6f),
                new ClipNormSpec(2));
    }

    @Override
    Inputs inputs(ClipNormSpec spec, boolean exact, SplittableRandom random) {
        return new Inputs(false)
                .put("sumOfSquares", (float) random.nextDouble(0, 100))
                .put("hyper", 1e-3f, (float) random.nextDouble(0.1, 1), 3, 4);
    }

    @Override
    boolean takesSpecials(ClipNormSpec spec, String input) {
        return input.equals("sumOfSquares");
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(ClipNormSpec spec, Inputs in) {
        double[] hyper = in.get("hyper").clone();
        double norm = hyper[1] * Math.sqrt(in.get("sumOfSquares")[0]);
        double factor = spec.norm() / (norm + 1e-6f);
        hyper[1] *= factor > 1 ? 1 : factor;
        return Map.of("hyper", Expected.of(hyper, i -> i == 1 ? 4 * Expected.ulp(hyper[1]) : 0));
    }
}
