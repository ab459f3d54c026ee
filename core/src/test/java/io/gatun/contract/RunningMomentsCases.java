package io.gatun.contract;

import io.gatun.spec.RunningMomentsSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class RunningMomentsCases extends Family<RunningMomentsSpec> {
    RunningMomentsCases() {
        super(RunningMomentsSpec.class);
    }

    @Override
    List<RunningMomentsSpec> specs(SplittableRandom random) {
        List<RunningMomentsSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new RunningMomentsSpec(3, 49, size, 0.1f, 1e-5f));
            if (size > 0) {
                specs.add(new RunningMomentsSpec(size, 2, 9, 0.25f, 1e-3f));
            }
        }
        return specs;
    }

    @Override
    Inputs inputs(RunningMomentsSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, 2, random);
        for (String name : new String[] {"invStd", "runningVar"}) {
            double[] values = in.get(name);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (0.2 + Math.abs(values[i]));
            }
        }
        return in;
    }

    @Override
    boolean bitwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(RunningMomentsSpec spec, Inputs in) {
        double[] mean = in.get("mean");
        double[] invStd = in.get("invStd");
        double[] means = new double[spec.c()];
        double[] variances = new double[spec.c()];
        for (int i = 0; i < mean.length; i++) {
            double variance = Math.pow(invStd[i], -2) - spec.eps();
            means[i % spec.c()] += mean[i];
            variances[i % spec.c()] += variance < 0 ? 0 : variance;
        }
        double bessel = (double) spec.hw() / (spec.hw() - 1) / spec.n();
        return Map.of(
                "runningMean", moved(spec, in.get("runningMean"), means, 1.0 / spec.n()),
                "runningVar", moved(spec, in.get("runningVar"), variances, bessel));
    }

    private static Expected moved(RunningMomentsSpec spec, double[] before, double[] sums, double factor) {
        double m = spec.momentum();
        double[] after = new double[sums.length];
        for (int k = 0; k < after.length; k++) {
            after[k] = (1 - m) * before[k] + m * (sums[k] * factor);
        }
        return Expected.of(
                after, k -> 0.51 * Expected.ulp(after[k]) + 1e-9 * (Math.abs(before[k]) + Math.abs(after[k])));
    }
}
