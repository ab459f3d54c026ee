package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.PoolSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class PoolCases extends Family<PoolSpec> {
    /** Sums of a window of so large integers, up to 6 times that, are far from 2^24. */
    private static final long MULTIPLE = 5_000;

    PoolCases() {
        super(PoolSpec.class);
    }

    @Override
    List<PoolSpec> specs(SplittableRandom random) {
        List<PoolSpec> forward = new ArrayList<>();
        for (PoolSpec.Op op : PoolSpec.Op.values()) {
            for (int size : SIZES) {
                if (size > 0) {
                    forward.add(PoolSpec.of(op, 1, 5, 4, size, 2, 2, 0));
                }
                forward.add(PoolSpec.of(op, size, 4, 3, 3, 2, 1, 0));
                forward.add(PoolSpec.of(op, 2, size, 5, 3, 3, 2, 1));
                forward.add(PoolSpec.of(op, 1, 6, size, 17, 2, 1, 0));
            }
            forward.add(new PoolSpec(Direction.FORWARD, op, 2, 7, 6, 4, 3, 2, 2, 3, 1, 0, 2, 1, true));
            forward.add(new PoolSpec(Direction.FORWARD, op, 1, 5, 5, 2, 2, 2, 1, 1, 3, 3, 3, 3, false));
            forward.add(PoolSpec.of(op, 1, 3, 3, 2, 7, 1, 0));
            for (int i = 0; i < 20; i++) {
                forward.add(sample(op, random));
            }
            // What kernels have loops of their own for: 3 x 3 with stride 2, whose edges are cut on every side,
            // squares, one
            // window over all; channels that fill vectors of every width, and some more.
            for (int size = 1; size <= 9; size++) {
                forward.add(PoolSpec.of(op, 2, size, 10 - size, 16 + size % 3, 3, 2, 1));
                forward.add(PoolSpec.of(op, 1, size + 2, 12 - size, 33, 3, 2, 0));
                forward.add(PoolSpec.of(op, 1, 2 * size, 20 - 2 * size, 15 + size, 2, 2, 0));
            }
            for (int i = 0; i < 20; i++) {
                forward.add(wide(op, random));
            }
            forward.add(PoolSpec.of(op, 2, 21, 40, 70, 3, 2, 1));
            forward.add(PoolSpec.of(op, 2, 20, 40, 70, 2, 2, 0));
            forward.add(new PoolSpec(Direction.FORWARD, op, 3, 6, 10, 80, 3, 5, 3, 5, 0, 0, 0, 0, false));
            forward.add(new PoolSpec(Direction.FORWARD, op, 2, 6, 5, 37, 2, 5, 2, 1, 0, 0, 0, 0, false));
        }
        for (int c : new int[] {1, 7, 16, 64, 65}) {
            forward.add(PoolSpec.global(3, 7, 7, c));
            forward.add(PoolSpec.global(2, 8, 5, c));
        }
        List<PoolSpec> specs = new ArrayList<>();
        for (PoolSpec spec : forward) {
            specs.add(spec);
            specs.add(spec.with(Direction.BACKWARD));
        }
        return specs;
    }

    private static PoolSpec sample(PoolSpec.Op op, SplittableRandom random) {
        return new PoolSpec(
                Direction.FORWARD,
                op,
                random.nextInt(1, 4),
                random.nextInt(1, 12),
                random.nextInt(1, 12),
                random.nextInt(1, 40),
                random.nextInt(1, 5),
                random.nextInt(1, 5),
                random.nextInt(1, 4),
                random.nextInt(1, 4),
                random.nextInt(3),
                random.nextInt(3),
                random.nextInt(3),
                random.nextInt(3),
                random.nextBoolean());
    }

    /** 3 x 3 with stride 2 and any padding. */
    private static PoolSpec wide(PoolSpec.Op op, SplittableRandom random) {
        return new PoolSpec(
                Direction.FORWARD,
                op,
                random.nextInt(1, 4),
                random.nextInt(1, 12),
                random.nextInt(1, 12),
                random.nextInt(4, 80),
                3,
                random.nextInt(2, 4),
                2,
                random.nextInt(1, 3),
                random.nextInt(4),
                random.nextInt(3),
                random.nextInt(4),
                random.nextInt(3),
                random.nextBoolean());
    }

    @Override
    boolean exactable(PoolSpec spec) {
        return spec.op() == PoolSpec.Op.MAX || multiple(spec) <= MULTIPLE;
    }

    /** The places of the maxima: 0 is one of them. */
    @Override
    boolean manyZeros(String output) {
        return output.equals("indices");
    }

    /** The least number that every average of the spec divides by without a rest, or more than {@link #MULTIPLE}. */
    private static long multiple(PoolSpec spec) {
        return divisors(spec.h(), spec.kh(), spec.sh(), spec.ph(), spec.pb(), spec.oh(), spec.op())
                * divisors(spec.w(), spec.kw(), spec.sw(), spec.pw(), spec.pr(), spec.ow(), spec.op());
    }

    private static long divisors(int size, int kernel, int stride, int before, int after, int out, PoolSpec.Op op) {
        long multiple = 1;
        for (int i = 0; i < out && multiple <= MULTIPLE; i++) {
            int from = i * stride - before;
            int to = from + kernel;
            int extent = op == PoolSpec.Op.AVG_PAD
                    ? Math.min(to, size + after) - from
                    : Math.min(to, size) - Math.max(from, 0);
            multiple = extent > 0 ? lcm(multiple, extent) : multiple;
        }
        return multiple;
    }

    private static long lcm(long a, long b) {
        long x = a;
        long y = b;
        while (y != 0) {
            long rest = x % y;
            x = y;
            y = rest;
        }
        return a / x * b;
    }

    @Override
    Inputs inputs(PoolSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, exact, exact ? 6 : 2, random);
        if (exact && spec.op() != PoolSpec.Op.MAX) {
            in = in.times(multiple(spec));
        }
        if (spec.op() == PoolSpec.Op.MAX && spec.direction() == Direction.BACKWARD) {
            PoolSpec forward = spec.with(Direction.FORWARD);
            Inputs src = Inputs.random(forward, exact, 6, random);
            in.put("indices", R64Pool.expected(forward, src).get("indices").value());
        }
        return in;
    }

    @Override
    boolean takesSpecials(PoolSpec spec, String input) {
        return !input.equals("indices");
    }

    @Override
    Map<String, Expected> expected(PoolSpec spec, Inputs in) {
        return R64Pool.expected(spec, in);
    }
}
