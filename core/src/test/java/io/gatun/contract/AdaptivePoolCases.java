package io.gatun.contract;

import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class AdaptivePoolCases extends Family<AdaptivePoolSpec> {
    /** What every size of a window up to 4 x 4 divides. */
    private static final int MULTIPLE = 144;

    private static final int[][] IMAGES = {
        // h, w, oh, ow: dividing or not, one pixel, enlarging, windows of one and two sizes.
        {1, 1, 1, 1}, {7, 5, 3, 2}, {8, 6, 3, 4}, {5, 4, 7, 6}, {6, 9, 2, 3}, {3, 10, 3, 3}, {2, 2, 3, 5}, {13, 3, 5, 1}
    };

    AdaptivePoolCases() {
        super(AdaptivePoolSpec.class);
    }

    @Override
    List<AdaptivePoolSpec> specs(SplittableRandom random) {
        List<AdaptivePoolSpec> specs = new ArrayList<>();
        for (AdaptivePoolSpec.Op op : AdaptivePoolSpec.Op.values()) {
            for (Direction direction : Direction.values()) {
                for (int[] image : IMAGES) {
                    int c = pick(random, 1, 3, 16, 17, 35);
                    specs.add(new AdaptivePoolSpec(direction, op, 2, image[0], image[1], c, image[2], image[3]));
                }
                for (int c : new int[] {1, 8, 15, 31, 64, 67, 130}) {
                    specs.add(new AdaptivePoolSpec(direction, op, pick(random, 1, 3), 5, 7, c, 3, 5));
                }
                specs.add(new AdaptivePoolSpec(direction, op, 0, 5, 7, 3, 3, 5));
            }
        }
        return specs;
    }

    @Override
    boolean exactable(AdaptivePoolSpec spec) {
        return spec.op() == AdaptivePoolSpec.Op.MAX || small(spec.h(), spec.oh()) && small(spec.w(), spec.ow());
    }

    /** Whether no window has more than four elements. */
    private static boolean small(int size, int out) {
        return size <= 3 * out;
    }

    /** The places of the maxima: 0 is one of them. */
    @Override
    boolean manyZeros(String output) {
        return output.equals("indices");
    }

    @Override
    Inputs inputs(AdaptivePoolSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, exact, exact ? 6 : 2, random);
        if (spec.op() == AdaptivePoolSpec.Op.AVG) {
            return exact ? in.times(MULTIPLE) : in;
        }
        if (spec.direction() == Direction.BACKWARD) {
            AdaptivePoolSpec forward = spec.with(Direction.FORWARD);
            Inputs src = Inputs.random(forward, exact, 6, random);
            in.put(
                    "indices",
                    R64AdaptivePool.expected(forward, src).get("indices").value());
        }
        return in;
    }

    @Override
    boolean takesSpecials(AdaptivePoolSpec spec, String input) {
        return !input.equals("indices");
    }

    @Override
    Map<String, Expected> expected(AdaptivePoolSpec spec, Inputs in) {
        return R64AdaptivePool.expected(spec, in);
    }
}
