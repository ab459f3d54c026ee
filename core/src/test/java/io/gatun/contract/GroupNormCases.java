package io.gatun.contract;

import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Group, instance and layer normalization. */
final class GroupNormCases extends Family<GroupNormSpec> {
    private static final int[][] IMAGES = {
        // n, hw, c, groups: pixels around the fold of narrow channels, groups of every kind, one pixel, one channel.
        {0, 4, 6, 2},
        {1, 1, 3, 3},
        {2, 1, 32, 4},
        {3, 5, 1, 1},
        {2, 21, 3, 3},
        {2, 43, 3, 1},
        {3, 9, 6, 2},
        {2, 64, 16, 4},
        {5, 17, 10, 5},
        {1, 130, 24, 24},
        {2, 33, 40, 8},
        {3, 65, 64, 32},
        {2, 7, 129, 3},
        {2, 12, 257, 1}
    };

    GroupNormCases() {
        super(GroupNormSpec.class);
    }

    @Override
    List<GroupNormSpec> specs(SplittableRandom random) {
        List<GroupNormSpec> specs = new ArrayList<>();
        for (Pass pass : Pass.values()) {
            for (int size : SIZES) {
                if (size > 0) {
                    specs.add(GroupNormSpec.layer(pass, pick(random, 5, 19), size, 1e-5f, random.nextBoolean()));
                }
            }
            for (int rows : new int[] {0, 1, 2, 17, 257}) {
                specs.add(GroupNormSpec.layer(pass, rows, 10, 1e-5f, random.nextBoolean()));
            }
            for (int[] image : IMAGES) {
                specs.add(new GroupNormSpec(pass, image[0], image[1], image[2], image[3], 1e-3f, random.nextBoolean()));
            }
        }
        // Many pieces: rows of one block and of several, samples shared out whole and in pieces; 5 to 10 ms each.
        for (Pass pass : new Pass[] {Pass.TRAINING, Pass.BACKWARD}) {
            specs.add(GroupNormSpec.layer(pass, 1201, 97, 1e-5f, true));
            specs.add(GroupNormSpec.layer(pass, 19, 5003, 1e-5f, true));
            specs.add(new GroupNormSpec(pass, 11, 300, 33, 3, 1e-5f, true));
            specs.add(new GroupNormSpec(pass, 2, 1603, 35, 35, 1e-5f, true));
            // Several groups of one pixel.
            specs.add(new GroupNormSpec(pass, 7, 1, 24, 4, 1e-5f, true));
        }
        return specs;
    }

    @Override
    Inputs inputs(GroupNormSpec spec, boolean exact, SplittableRandom random) {
        return inputs(spec, 0.25, 2, random);
    }

    private Inputs inputs(GroupNormSpec spec, double mean, double deviation, SplittableRandom random) {
        if (spec.pass() == Pass.BACKWARD) {
            GroupNormSpec forward = spec.with(Pass.TRAINING);
            Inputs before = inputs(forward, mean, deviation, random);
            Map<String, Expected> after = R64GroupNorm.expected(forward, before);
            Inputs in = Inputs.random(spec, false, 2, random).put("src", before.get("src"));
            for (String name : new String[] {"mean", "invStd"}) {
                in.put(name, Inputs.rounded(after.get(name).value()));
            }
            return in;
        }
        Inputs in = Inputs.random(spec, false, deviation, random);
        double[] src = in.get("src");
        for (int i = 0; i < src.length; i++) {
            src[i] = (float) (src[i] + mean);
        }
        return in;
    }

    /** A tiny deviation about a large mean, where a one-pass variance has no digit right; equal values. */
    @Override
    Stream<Map.Entry<GroupNormSpec, Inputs>> specialCases(SplittableRandom random) {
        // Uniform within sqrt(3) sd.
        double sd = 0.01 * Math.sqrt(3);
        return Stream.of(
                        GroupNormSpec.layer(Pass.TRAINING, 19, 100, 1e-5f, true),
                        GroupNormSpec.layer(Pass.TRAINING, 7, 128, 1e-5f, false),
                        new GroupNormSpec(Pass.TRAINING, 2, 100, 9, 3, 1e-5f, true),
                        new GroupNormSpec(Pass.TRAINING, 2, 100, 16, 16, 1e-5f, false))
                .flatMap(spec -> Stream.of(
                        new SimpleEntry<>(spec, inputs(spec, 1e4, sd, random)),
                        new SimpleEntry<>(
                                spec.with(Pass.INFERENCE), inputs(spec.with(Pass.INFERENCE), 1e4, sd, random)),
                        new SimpleEntry<>(spec.with(Pass.BACKWARD), inputs(spec.with(Pass.BACKWARD), 1e4, sd, random)),
                        new SimpleEntry<>(spec, inputs(spec, 1, 1e-30, random)),
                        new SimpleEntry<>(spec, inputs(spec, -100, 50, random))));
    }

    /** What the forward pass computed is not put out of step. */
    @Override
    boolean takesSpecials(GroupNormSpec spec, String input) {
        return !input.equals("mean") && !input.equals("invStd");
    }

    @Override
    Map<String, Expected> expected(GroupNormSpec spec, Inputs in) {
        return R64GroupNorm.expected(spec, in);
    }
}
