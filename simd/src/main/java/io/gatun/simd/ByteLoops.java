package io.gatun.simd;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.gatun.memory.Raw;
import io.gatun.reference.ScalarMath;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * From bytes to floats that hold the same whole numbers, and from floats to bytes. A step is a vector of floats, or two where
 * their bytes are fewer than the smallest vector's eight.
 */
final class ByteLoops {
    private static final VectorSpecies<Byte> B =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, Lanes.COUNT * Byte.SIZE)));
    private static final int STEP = B.length();
    private static final boolean TWO = STEP == 2 * Lanes.COUNT;

    private static final VectorLoop UNSIGNED = new VectorLoop(MethodHandles.lookup(), "unsigned");
    private static final VectorLoop SIGNED = new VectorLoop(MethodHandles.lookup(), "signed");
    private static final VectorLoop QUANTIZE = new VectorLoop(MethodHandles.lookup(), "rounded");

    private ByteLoops() {}

    /** n unsigned bytes, minus the zero point. */
    static void unsigned(long src, long dst, int n, int zeroPoint) {
        UNSIGNED.run(src, zeroPoint, dst, n, 0);
    }

    /** n signed bytes. */
    static void signed(long src, long dst, int n) {
        SIGNED.run(src, 0, dst, n, 0);
    }

    /**
     * n floats times {@code reciprocal} plus the zero point, which stands behind the flag, to bytes, as {@link
     * ScalarMath#unsignedByte}; where one is NaN the float at {@code flag} becomes NaN.
     */
    static void quantize(long src, long dst, long flag, int n, float reciprocal) {
        QUANTIZE.run(src, flag, dst, n, reciprocal);
    }

    private static void unsigned(long src, long zeroPoint, long dst, int n, float unused) {
        IntVector zero = IntVector.broadcast(Lanes.I, (int) zeroPoint);
        int i = 0;
        for (; i <= n - STEP; i += STEP) {
            ByteVector bytes = ByteVector.fromMemorySegment(B, Raw.MEMORY, src + i, Lanes.ORDER);
            IntVector v = (IntVector) bytes.convertShape(ZERO_EXTEND_B2I, Lanes.I, 0);
            Lanes.store(dst + i * 4L, (FloatVector) v.sub(zero).convert(I2F, 0));
            if (TWO) {
                v = (IntVector) bytes.convertShape(ZERO_EXTEND_B2I, Lanes.I, 1);
                Lanes.store(
                        dst + i * 4L + Lanes.BYTES, (FloatVector) v.sub(zero).convert(I2F, 0));
            }
        }
        for (; i < n; i++) {
            Raw.f32(dst, i, (Raw.i8(src, i) & 0xFF) - (int) zeroPoint);
        }
    }

    private static void signed(long src, long unused, long dst, int n, float none) {
        int i = 0;
        for (; i <= n - STEP; i += STEP) {
            ByteVector bytes = ByteVector.fromMemorySegment(B, Raw.MEMORY, src + i, Lanes.ORDER);
            IntVector v = (IntVector) bytes.convertShape(B2I, Lanes.I, 0);
            Lanes.store(dst + i * 4L, (FloatVector) v.convert(I2F, 0));
            if (TWO) {
                v = (IntVector) bytes.convertShape(B2I, Lanes.I, 1);
                Lanes.store(dst + i * 4L + Lanes.BYTES, (FloatVector) v.convert(I2F, 0));
            }
        }
        for (; i < n; i++) {
            Raw.f32(dst, i, Raw.i8(src, i));
        }
    }

    private static void rounded(long src, long flag, long dst, int n, float reciprocal) {
        float zeroPoint = Raw.i32(flag, 1);
        VectorMask<Float> nan = Lanes.F.maskAll(false);
        int i = 0;
        for (; i <= n - STEP; i += STEP) {
            FloatVector place = Lanes.load(src + i * 4L).mul(reciprocal).add(zeroPoint);
            nan = nan.or(place.test(IS_NAN));
            ByteVector bytes = (ByteVector) whole(place).convertShape(I2B, B, 0);
            if (TWO) {
                place = Lanes.load(src + i * 4L + Lanes.BYTES).mul(reciprocal).add(zeroPoint);
                nan = nan.or(place.test(IS_NAN));
                bytes = bytes.or((ByteVector) whole(place).convertShape(I2B, B, -1));
            }
            bytes.intoMemorySegment(Raw.MEMORY, dst + i, Lanes.ORDER);
        }
        boolean any = nan.anyTrue();
        for (; i < n; i++) {
            float place = Raw.f32(src, i) * reciprocal + zeroPoint;
            any |= Float.isNaN(place);
            Raw.i8(dst, i, ScalarMath.unsignedByte(place));
        }
        if (any) {
            Raw.f32(flag, 0, Float.NaN);
        }
    }

    /** Clamped and rounded, to the same as the other way round; NaN is 0. */
    private static IntVector whole(FloatVector place) {
        FloatVector within = place.max(0).min(255);
        return (IntVector) within.add(ScalarMath.ROUND).sub(ScalarMath.ROUND).convert(F2I, 0);
    }
}
