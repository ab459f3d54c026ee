package io.gatun.nn.data;

/**
 * SplitMix64 (Steele, Lea, Flood, 2014), keyed by several numbers. Written out here rather than taken from the JDK so
 * that a data set, a shuffle and an augmentation are the same bits on every JDK: this file is the definition, and
 * changing it changes every resumed run. The stream of {@code of(a, b, …)} depends only on the keys. Not thread-safe.
 */
public final class SplitMix {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    private SplitMix(long state) {
        this.state = state;
    }

    /** The stream of these keys from its start; other keys or another number of them give another stream. */
    public static SplitMix of(long seed, long... keys) {
        long state = mix(seed + GAMMA);
        for (long key : keys) {
            state = mix(state ^ mix(key + GAMMA));
        }
        return new SplitMix(state);
    }

    /** Restarts this generator at {@code of(seed, first, second)} without allocating. */
    public void rekey(long seed, long first, long second) {
        state = mix(mix(mix(seed + GAMMA) ^ mix(first + GAMMA)) ^ mix(second + GAMMA));
    }

    /** 64 random bits. */
    public long nextLong() {
        return mix(state += GAMMA);
    }

    /** Uniform in [0, bound), bound > 0; Lemire's multiply-high, whose bias below 2^-32 is far under any use here. */
    public int below(int bound) {
        return (int) (((nextLong() >>> 32) * bound) >>> 32);
    }

    /** Uniform in [0, 1) on a grid of 2^-53. */
    public double unit() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Uniform in [low, high). */
    public double between(double low, double high) {
        return low + (high - low) * unit();
    }

    /** Fisher-Yates, last place first. */
    public void shuffle(int[] values) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = below(i + 1);
            int held = values[i];
            values[i] = values[j];
            values[j] = held;
        }
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
