package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/** Refuses numbers that are no probability or share, and draws by those that are. */
final class Probability {
    private Probability() {}

    static void require(String what, double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException(what + " " + p + " must be 0 to 1");
        }
    }

    static void requireRange(String what, double low, double high, double least) {
        if (!(low > least && low <= high && high < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    what + " of " + low + " to " + high + " must be a range of numbers above " + least);
        }
    }

    /** True with probability p: always one draw, so that what follows draws the same numbers for every p. */
    static boolean hits(SplitMix random, double p) {
        return random.unit() < p;
    }
}
