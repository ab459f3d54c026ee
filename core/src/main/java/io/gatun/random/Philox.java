package io.gatun.random;

/**
 * Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1,
 * 2, 3" (SC 2011): a number is a function of where it is used, so masks can be recomputed and do not depend on threads.
 *
 * <p>Gatun's counter for block {@code block} of stream {@code stream} at step {@code step} is (block low, block high,
 * stream, step), the key is the seed (low, high). Each block gives four numbers. Stateless and thread-safe.
 */
public final class Philox {
    public static final int M0 = 0xD2511F53;
    public static final int M1 = 0xCD9E8D57;
    /** Key increments: the golden ratio and sqrt(3) - 1. */
    public static final int W0 = 0x9E3779B9;

    public static final int W1 = 0xBB67AE85;
    public static final int ROUNDS = 10;

    private Philox() {}

    /** Ten rounds over {@code counter} (four ints, replaced by the result) with key (k0, k1). */
    public static void block(int[] counter, int k0, int k1) {
        int c0 = counter[0];
        int c1 = counter[1];
        int c2 = counter[2];
        int c3 = counter[3];
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        counter[0] = c0;
        counter[1] = c1;
        counter[2] = c2;
        counter[3] = c3;
    }

    /** The block at the given place into {@code out} (four ints). */
    public static void block(long seed, int step, int stream, long block, int[] out) {
        out[0] = (int) block;
        out[1] = (int) (block >>> 32);
        out[2] = stream;
        out[3] = step;
        block(out, (int) seed, (int) (seed >>> 32));
    }

    /** Number {@code lane}, 0 to 3, of the block at the given place, without an array. */
    public static int number(long seed, int step, int stream, long block, int lane) {
        int c0 = (int) block;
        int c1 = (int) (block >>> 32);
        int c2 = stream;
        int c3 = step;
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        return lane == 0 ? c0 : lane == 1 ? c1 : lane == 2 ? c2 : c3;
    }

    /**
     * The 16 random bits of element {@code index}, 0 to 65,535: half a number each, for a coin needs no more and the
     * generator is what a mask costs. 8 blocks, 32 numbers, serve 64 elements: the first 16 the low halves of numbers 0 and 1 of
     * block 0, of block 1 and so on, the second 16 their high halves, the others numbers 2 and 3 likewise.
     */
    public static int half(long seed, int step, int stream, long index) {
        int place = (int) (index & 15);
        int quarter = (int) (index >>> 4 & 3);
        long block = (index >>> 6) * 8 + place / 2;
        int bits = number(seed, step, stream, block, quarter / 2 * 2 + place % 2);
        return quarter % 2 == 0 ? bits & 0xFFFF : bits >>> 16;
    }

    /** A uniform number in [0, 1) of 24 bits: every float32 multiple of 2^-24, so it is exact. */
    public static float uniform(int bits) {
        return (bits >>> 8) * 0x1p-24f;
    }

    /** Two independent standard normal numbers by Box and Muller from two ints, in double; the first of the pair. */
    public static double normal(int bits0, int bits1) {
        double u = ((bits0 >>> 8) + 0.5) * 0x1p-24;
        double angle = (bits1 >>> 8) * 0x1p-24 * 2 * Math.PI;
        return StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(angle);
    }
}
