package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.spec.BinarySpec;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import java.util.Locale;

/**
 * The loops of {@link SimdBinary}: (a, b, dst) of two arrays, and (a, -, dst) with one number for b. Each is compiled for
 * itself: all in one method are more vector operations than C2 inlines once a JVM has met every operation, and an addition
 * then made an object for each vector.
 */
final class BinaryLoops {
    private static final VectorLoop[] PAIRS = loops("");
    private static final VectorLoop[] CONSTANT = loops("One");

    private BinaryLoops() {}

    private static VectorLoop[] loops(String suffix) {
        return Arrays.stream(BinarySpec.Op.values())
                .map(op -> new VectorLoop(MethodHandles.lookup(), op.name().toLowerCase(Locale.ROOT) + suffix))
                .toArray(VectorLoop[]::new);
    }

    /** n is a whole number of vectors. */
    static void pairs(BinarySpec.Op op, long a, long b, long dst, int n) {
        PAIRS[op.ordinal()].run(a, b, dst, n, 0);
    }

    /** n is a whole number of vectors. */
    static void constant(BinarySpec.Op op, long a, float b, long dst, int n) {
        CONSTANT[op.ordinal()].run(a, 0, dst, n, b);
    }

    private static void add(long a, long b, long dst, int n, float unused) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).add(load(b + i)));
        }
    }

    private static void sub(long a, long b, long dst, int n, float unused) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).sub(load(b + i)));
        }
    }

    private static void mul(long a, long b, long dst, int n, float unused) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).mul(load(b + i)));
        }
    }

    private static void div(long a, long b, long dst, int n, float unused) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).div(load(b + i)));
        }
    }

    private static void max(long a, long b, long dst, int n, float unused) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).max(load(b + i)));
        }
    }

    private static void min(long a, long b, long dst, int n, float unused) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).min(load(b + i)));
        }
    }

    private static void share(long a, long b, long dst, int n, float unused) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, VectorMath.share(load(a + i), load(b + i)));
        }
    }

    private static void addOne(long a, long unused, long dst, int n, float b) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).add(splat(b)));
        }
    }

    private static void subOne(long a, long unused, long dst, int n, float b) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).sub(splat(b)));
        }
    }

    private static void mulOne(long a, long unused, long dst, int n, float b) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).mul(splat(b)));
        }
    }

    private static void divOne(long a, long unused, long dst, int n, float b) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).div(splat(b)));
        }
    }

    private static void maxOne(long a, long unused, long dst, int n, float b) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).max(splat(b)));
        }
    }

    private static void minOne(long a, long unused, long dst, int n, float b) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(a + i).min(splat(b)));
        }
    }

    private static void shareOne(long a, long unused, long dst, int n, float b) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, VectorMath.share(load(a + i), splat(b)));
        }
    }
}
