package io.gatun.spec;

import java.util.function.Supplier;

/** What specs refuse, in one sentence each. */
final class Checks {
    private Checks() {}

    /** The sentence is made only when it is needed: autograd makes specs in every step, and most are valid. */
    static void require(boolean condition, Supplier<String> message) {
        if (!condition) {
            throw new IllegalArgumentException(message.get());
        }
    }

    static void notNegative(String family, String key, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(family + ": " + key + "=" + value + " is negative");
        }
    }

    static void positive(String family, String key, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(family + ": " + key + "=" + value + " is not at least 1");
        }
    }

    /** What all optimizers say of a flat buffer whose first {@code decayed} elements decay. */
    static void flat(String family, long count, long decayed, float decay, float clip) {
        notNegative(family, "count", count);
        product(family, count);
        require(
                decayed >= 0 && decayed <= count,
                () -> family + ": decayed=" + decayed + " is not within 0 and count=" + count);
        require(decay >= 0 && Float.isFinite(decay), () -> family + ": decay=" + decay + " is negative");
        require(clip > 0, () -> family + ": clip=" + clip + " is not positive");
    }

    static void finite(String family, String key, float value) {
        if (!Float.isFinite(value)) {
            throw new IllegalArgumentException(family + ": " + key + "=" + value + " is not finite");
        }
    }

    /** An image with its padding must have a size that an int can hold; its output is then no larger. */
    static void paddedSize(String family, int size, int before, int after) {
        long padded = (long) size + before + after;
        if (padded > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    family + ": an image of " + size + " padded by " + before + " and " + after + " is too large");
        }
    }

    /** The product of the factors, refused where a long cannot hold it or its bytes. */
    static long product(String family, long... factors) {
        long product = 1;
        try {
            for (long factor : factors) {
                product = Math.multiplyExact(product, factor);
            }
            Math.multiplyExact(product, 8L);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(family + ": the problem has more elements than memory can address");
        }
        return product;
    }
}
