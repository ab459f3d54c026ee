package io.gatun.nn.search;

import java.util.SplittableRandom;

/** Random numbers that depend on the study's seed and a trial's number alone. */
final class Seeds {
    private Seeds() {}

    static SplittableRandom random(long seed, int number) {
        return new SplittableRandom(of(seed, number));
    }

    /** The finalizer of MurmurHash3, so that neighbouring numbers have unlike seeds. */
    static long of(long seed, int number) {
        long x = seed + 0x9E3779B97F4A7C15L * (number + 1L);
        x = (x ^ x >>> 33) * 0xFF51AFD7ED558CCDL;
        x = (x ^ x >>> 33) * 0xC4CEB9FE1A85EC53L;
        return x ^ x >>> 33;
    }
}
