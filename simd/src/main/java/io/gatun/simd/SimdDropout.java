package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.random.Philox;
import io.gatun.spec.DropoutSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dropout with its mask recomputed wherever it is needed: 4 B read and 4 B written an element, no mask in memory. A long
 * lane is one Philox block, so that a round's two 32 x 32 bit products are one vector multiplication each: about 100
 * instructions for 32 elements at 512 bits.
 */
final class SimdDropout extends Elementwise {
    private static final VectorSpecies<Long> L = VectorSpecies.of(long.class, Lanes.F.vectorShape());
    private static final int BLOCKS = L.length();
    private static final long LOW = 0xFFFF_FFFFL;

    private static final LongVector IOTA = LongVector.zero(L).addIndex(1);
    private static final VectorShuffle<Long> LOWER_HALF = VectorShuffle.fromOp(L, lane -> lane / 2);
    private static final VectorShuffle<Long> UPPER_HALF = VectorShuffle.fromOp(L, lane -> BLOCKS / 2 + lane / 2);
    private static final VectorMask<Long> ODD = VectorMask.fromLong(L, 0xAAAA_AAAA_AAAA_AAAAL);

    /** Elements whose random bits lie in dst, in L1, until src is looked at. */
    private static final int BLOCK = 1024;

    private static final VectorLoop NUMBERS = new VectorLoop(MethodHandles.lookup(), "numbers");
    private static final VectorLoop DROP = new VectorLoop(MethodHandles.lookup(), "drop");

    private final float keep;
    /** Numbers of 24 bits below it are dropped: exactly those with u &lt; p. */
    private final int threshold;

    private SimdDropout(DropoutSpec spec, Workers workers) {
        super(spec.count(), workers);
        this.keep = 1 - spec.p();
        this.threshold = (int) Math.ceil(spec.p() * (double) (1 << 24));
    }

    static Offer offer(DropoutSpec spec, Workers workers) {
        return Offer.of(new SimdDropout(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:dropout";
    }

    @Override
    void range(long[] frame, long from, int n) {
        for (int at = 0; at < n; at += BLOCK) {
            int block = Math.min(BLOCK, n - at);
            long dst = frame[2] + (from + at) * 4;
            NUMBERS.run(frame[1], (from + at) / 4, dst, block, 0);
            DROP.run(frame[0] + (from + at) * 4, threshold, dst, block, keep);
        }
    }

    /** The random bits of n elements from Philox block {@code firstBlock}, into dst. */
    private static void numbers(long rng, long firstBlock, long dst, int n, float unused) {
        long seed = Raw.i64(rng, 0);
        int step = (int) Raw.i64(rng, 1);
        int stream = (int) Raw.i64(rng, 2);
        int whole = n - n % (4 * BLOCKS);
        LongVector low = LongVector.broadcast(L, LOW);
        LongVector m0 = LongVector.broadcast(L, Philox.M0 & LOW);
        LongVector m1 = LongVector.broadcast(L, Philox.M1 & LOW);
        for (int i = 0; i < whole; i += 4 * BLOCKS) {
            LongVector block = IOTA.add(firstBlock + i / 4);
            LongVector c0 = block.and(low);
            LongVector c1 = block.lanewise(VectorOperators.LSHR, 32);
            LongVector c2 = LongVector.broadcast(L, stream & LOW);
            LongVector c3 = LongVector.broadcast(L, step & LOW);
            int k0 = (int) seed;
            int k1 = (int) (seed >>> 32);
            for (int round = 0; round < Philox.ROUNDS; round++) {
                LongVector p0 = c0.and(low).mul(m0);
                LongVector p1 = c2.and(low).mul(m1);
                c0 = p1.lanewise(VectorOperators.LSHR, 32)
                        .lanewise(VectorOperators.XOR, c1)
                        .and(low)
                        .lanewise(VectorOperators.XOR, k0 & LOW);
                c2 = p0.lanewise(VectorOperators.LSHR, 32)
                        .lanewise(VectorOperators.XOR, c3)
                        .and(low)
                        .lanewise(VectorOperators.XOR, k1 & LOW);
                c1 = p1;
                c3 = p0;
                k0 += Philox.W0;
                k1 += Philox.W1;
            }
            LongVector first = c1.lanewise(VectorOperators.LSHL, 32).or(c0);
            LongVector second = c3.lanewise(VectorOperators.LSHL, 32).or(c2);
            store(dst + i * 4L, interleave(first, second, LOWER_HALF));
            store(dst + i * 4L + Lanes.BYTES, interleave(first, second, UPPER_HALF));
        }
        for (int i = whole; i < n; i++) {
            Raw.i32(dst, i, Philox.number(seed, step, stream, firstBlock + i / 4, i & 3));
        }
    }

    /** Numbers 0 and 1 of each block beside its numbers 2 and 3. */
    private static FloatVector interleave(LongVector first, LongVector second, VectorShuffle<Long> half) {
        return first.rearrange(half).blend(second.rearrange(half), ODD).reinterpretAsFloats();
    }

    /** dst holds the bits and receives src / keep or 0. */
    private static void drop(long src, long threshold, long dst, int n, float keep) {
        int whole = Lanes.F.loopBound(n);
        FloatVector divisor = Lanes.splat(keep);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector x = load(src + i * 4L).div(divisor);
            store(dst + i * 4L, Lanes.splat(0f).blend(x, kept(load(dst + i * 4L), (int) threshold)));
        }
        for (int i = whole; i < n; i++) {
            boolean kept = Raw.i32(dst, i) >>> 8 >= threshold;
            Raw.f32(dst, i, kept ? Raw.f32(src, i) / keep : 0);
        }
    }

    private static VectorMask<Float> kept(FloatVector bits, int threshold) {
        return bits.reinterpretAsInts()
                .lanewise(VectorOperators.LSHR, 8)
                .compare(VectorOperators.GE, threshold)
                .cast(Lanes.F);
    }
}
