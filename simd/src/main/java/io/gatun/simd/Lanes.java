package io.gatun.simd;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width of every kernel here: the widest the JVM offers ({@code -XX:MaxVectorSize} bounds it), or
 * {@code -Dgatun.simd.bits=128|256|512}. One constant, because C2 folds a species only from a static final field.
 */
final class Lanes {
    static final VectorSpecies<Float> F = species();
    static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

    /** Floats in a vector. */
    static final int COUNT = F.length();

    /** Bytes in a vector. */
    static final long BYTES = F.vectorByteSize();

    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** Vector registers that C2 has: 16 on x86 before AVX-512, whatever the width. */
    static final int REGISTERS = Registers.count(FloatVector.SPECIES_PREFERRED);

    static {
        loadSiblings();
        ScalarProfile.fill();
    }

    private Lanes() {}

    /**
     * Loads the classes that would make C2's assumptions wrong later. A kernel compiled while native segments (or float
     * masks) are the only ones loaded is thrown away when the first heap segment is made anywhere in the JVM, and some
     * that are thrown away stay in C1's code for good: seen as 1/100 of the speed and an object for each vector.
     */
    private static void loadSiblings() {
        VectorSpecies<Long> longs = VectorSpecies.of(long.class, F.vectorShape());
        Objects.requireNonNull(List.of(
                MemorySegment.ofArray(new byte[1]),
                MemorySegment.ofArray(new short[1]),
                MemorySegment.ofArray(new char[1]),
                MemorySegment.ofArray(new int[1]),
                MemorySegment.ofArray(new long[1]),
                MemorySegment.ofArray(new float[1]),
                MemorySegment.ofArray(new double[1]),
                F.maskAll(true),
                I.maskAll(true),
                longs.maskAll(true),
                VectorShuffle.iota(F, 0, 1, true),
                VectorShuffle.iota(I, 0, 1, true),
                VectorShuffle.iota(longs, 0, 1, true)));
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(F, Raw.MEMORY, address, ORDER);
    }

    /** The lanes of the mask, 0 in the others; nothing is read there. */
    static FloatVector load(long address, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(F, Raw.MEMORY, address, ORDER, mask);
    }

    static void store(long address, FloatVector v) {
        v.intoMemorySegment(Raw.MEMORY, address, ORDER);
    }

    static void store(long address, FloatVector v, VectorMask<Float> mask) {
        v.intoMemorySegment(Raw.MEMORY, address, ORDER, mask);
    }

    static FloatVector splat(float value) {
        return FloatVector.broadcast(F, value);
    }

    /** The first {@code count} lanes, all if there are not so many. */
    static VectorMask<Float> first(int count) {
        return F.indexInRange(0, count);
    }

    private static VectorSpecies<Float> species() {
        Integer bits = Integer.getInteger("gatun.simd.bits");
        int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        if (bits == null) {
            return FloatVector.SPECIES_PREFERRED;
        }
        if (bits != 128 && bits != 256 && bits != 512 || bits > preferred) {
            throw new IllegalArgumentException(
                    "gatun.simd.bits=" + bits + ": known are 128, 256 and 512, here up to " + preferred);
        }
        return VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
    }
}
