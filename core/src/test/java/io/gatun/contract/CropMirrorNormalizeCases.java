package io.gatun.contract;

import io.gatun.spec.CropMirrorNormalizeSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Nothing is computed, so all is equal to the bit: a table's NaN too. */
final class CropMirrorNormalizeCases extends Family<CropMirrorNormalizeSpec> {
    CropMirrorNormalizeCases() {
        super(CropMirrorNormalizeSpec.class);
    }

    @Override
    List<CropMirrorNormalizeSpec> specs(SplittableRandom random) {
        List<CropMirrorNormalizeSpec> specs = new ArrayList<>();
        for (int size : SIZES) {
            specs.add(new CropMirrorNormalizeSpec(size, 3, 4, 3, 2, 5));
            if (size > 0) {
                specs.add(new CropMirrorNormalizeSpec(2, size, 3, 1, size, 3));
                specs.add(new CropMirrorNormalizeSpec(2, 3, size, 3, 3, size));
                specs.add(new CropMirrorNormalizeSpec(2, 2, 3, size, 2, 3));
            }
        }
        // A window smaller than its image, a larger one, and a batch that more than one thread has.
        specs.add(new CropMirrorNormalizeSpec(3, 40, 50, 3, 32, 32));
        specs.add(new CropMirrorNormalizeSpec(3, 28, 28, 1, 33, 47));
        specs.add(new CropMirrorNormalizeSpec(40, 32, 32, 3, 32, 32));
        return specs;
    }

    @Override
    Inputs inputs(CropMirrorNormalizeSpec spec, boolean exact, SplittableRandom random) {
        double[] src = random.doubles((long) spec.n() * spec.h() * spec.w() * spec.c(), 0, 256)
                .map(Math::floor)
                .toArray();
        double[] windows = new double[3 * spec.n()];
        for (int i = 0; i < spec.n(); i++) {
            windows[3 * i] = start(spec.h(), spec.oh(), random);
            windows[3 * i + 1] = start(spec.w(), spec.ow(), random);
            windows[3 * i + 2] = random.nextInt(2);
        }
        return Inputs.random(spec, exact, 3, random).put("src", src).put("windows", windows);
    }

    /** Most begin at most three before and end at most three behind, few far outside. */
    private static int start(int size, int window, SplittableRandom random) {
        return random.nextInt(9) == 0
                ? pick(random, Integer.MIN_VALUE, -window, -1_000_000, size, 1_000_000, Integer.MAX_VALUE)
                : random.nextInt(-3, Math.max(1, size - window + 4));
    }

    @Override
    boolean takesSpecials(CropMirrorNormalizeSpec spec, String input) {
        return input.equals("table");
    }

    @Override
    boolean bitwise() {
        return true;
    }

    /** Mirrored by any number but 0, and windows that begin and end where their image does. */
    @Override
    Stream<Map.Entry<CropMirrorNormalizeSpec, Inputs>> specialCases(SplittableRandom random) {
        CropMirrorNormalizeSpec spec = new CropMirrorNormalizeSpec(4, 2, 3, 2, 2, 3);
        return Stream.of(Map.entry(
                spec,
                inputs(spec, false, random).put("windows", 0, 0, -1, 0, 0, Integer.MIN_VALUE, 1, 2, 256, -1, -2, 0)));
    }

    @Override
    Map<String, Expected> expected(CropMirrorNormalizeSpec spec, Inputs in) {
        double[] src = in.get("src");
        double[] table = in.get("table");
        double[] windows = in.get("windows");
        double[] dst = new double[spec.n() * spec.oh() * spec.ow() * spec.c()];
        int at = 0;
        for (int i = 0; i < spec.n(); i++) {
            for (double y = windows[3 * i]; y < windows[3 * i] + spec.oh(); y++) {
                for (int column = 0; column < spec.ow(); column++) {
                    int across = windows[3 * i + 2] == 0 ? column : spec.ow() - 1 - column;
                    double x = windows[3 * i + 1] + across;
                    for (int k = 0; k < spec.c(); k++) {
                        boolean there = y >= 0 && y < spec.h() && x >= 0 && x < spec.w();
                        int pixel = there ? ((i * spec.h() + (int) y) * spec.w() + (int) x) * spec.c() + k : 0;
                        dst[at++] = table[k * 256 + (there ? (int) src[pixel] : 0)];
                    }
                }
            }
        }
        return Map.of("dst", Expected.bits(dst));
    }
}
