package io.gatun.contract;

import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.Pass;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

final class BatchNormCases extends Family<BatchNormSpec> {
    BatchNormCases() {
        super(BatchNormSpec.class);
    }

    @Override
    List<BatchNormSpec> specs(SplittableRandom random) {
        List<BatchNormSpec> specs = new ArrayList<>();
        for (Pass pass : Pass.values()) {
            for (int size : SIZES) {
                if (size > 1 || pass == Pass.INFERENCE) {
                    specs.add(flags(random, size, 5).with(pass));
                }
                if (size > 0) {
                    specs.add(flags(random, 6, size).with(pass));
                }
            }
            for (int flags = 0; flags < 4; flags++) {
                specs.add(new BatchNormSpec(pass, 50, 33, 1e-3f, 0.25f, (flags & 1) != 0, (flags & 2) != 0));
                specs.add(new BatchNormSpec(pass, 3000, 16, 1e-5f, 0.1f, (flags & 1) != 0, (flags & 2) != 0));
            }
        }
        // The largest pieces that a kernel cuts, many of them, the last with an odd row; 20 ms each and as much for
        // R64.
        for (Pass pass : new Pass[] {Pass.TRAINING, Pass.BACKWARD}) {
            specs.add(new BatchNormSpec(pass, 20_101, 112, 1e-5f, 0.1f, true, true));
            specs.add(new BatchNormSpec(pass, 70_001, 16, 1e-5f, 0.1f, false, true));
            specs.add(new BatchNormSpec(pass, 3_001, 353, 1e-5f, 0.1f, false, false));
        }
        return specs;
    }

    private static BatchNormSpec flags(SplittableRandom random, int rows, int c) {
        return new BatchNormSpec(Pass.INFERENCE, rows, c, 1e-5f, 0.1f, random.nextBoolean(), random.nextBoolean());
    }

    @Override
    Inputs inputs(BatchNormSpec spec, boolean exact, SplittableRandom random) {
        return inputs(spec, 0.25, 2, random);
    }

    private Inputs inputs(BatchNormSpec spec, double mean, double deviation, SplittableRandom random) {
        if (spec.pass() == Pass.BACKWARD) {
            BatchNormSpec forward = spec.with(Pass.TRAINING);
            Inputs before = inputs(forward, mean, deviation, random);
            Map<String, Expected> after = R64BatchNorm.expected(forward, before);
            Inputs in = Inputs.random(spec, false, 2, random);
            for (String name : new String[] {"src", "gamma"}) {
                in.put(name, before.get(name));
            }
            for (String name : new String[] {"dst", "mean", "invStd"}) {
                if (in.has(name)) {
                    in.put(name, Inputs.rounded(after.get(name).value()));
                }
            }
            return in;
        }
        Inputs in = Inputs.random(spec, false, deviation, random);
        double[] src = in.get("src");
        double[] variance = in.get("runningVar");
        for (int i = 0; i < src.length; i++) {
            src[i] = (float) (src[i] + mean);
        }
        for (int i = 0; i < variance.length; i++) {
            variance[i] = Math.abs(variance[i]);
        }
        return in;
    }

    /** A tiny deviation about a large mean, where a one-pass variance has no digit right; and equal values. */
    @Override
    Stream<Map.Entry<BatchNormSpec, Inputs>> specialCases(SplittableRandom random) {
        return IntStream.of(9, 16).boxed().flatMap(c -> {
            BatchNormSpec spec = BatchNormSpec.training(200, c, false, false);
            BatchNormSpec backward = spec.with(Pass.BACKWARD);
            // Uniform within sqrt(3) sd.
            double sd = 0.01 * Math.sqrt(3);
            return Stream.of(
                    new SimpleEntry<>(spec, inputs(spec, 1e4, sd, random)),
                    new SimpleEntry<>(backward, inputs(backward, 1e4, sd, random)),
                    new SimpleEntry<>(spec, inputs(spec, 1, 1e-30, random)),
                    new SimpleEntry<>(spec, inputs(spec, -100, 50, random)));
        });
    }

    /** What the forward pass computed is not put out of step; a running variance may not be negative. */
    @Override
    boolean takesSpecials(BatchNormSpec spec, String input) {
        return !input.equals("dst") && !input.equals("mean") && !input.equals("invStd") && !input.equals("runningVar");
    }

    @Override
    Map<String, Expected> expected(BatchNormSpec spec, Inputs in) {
        return R64BatchNorm.expected(spec, in);
    }
}
