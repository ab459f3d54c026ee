package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.random.Philox;
import io.gatun.spec.DropoutSpec;
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
        long src = frame[0] + from * 4;
        long dst = frame[2] + from * 4;
        long seed = Raw.i64(frame[1], 0);
        int step = (int) Raw.i64(frame[1], 1);
        int stream = (int) Raw.i64(frame[1], 2);
        blocks(src, dst, seed, step, stream, from / 4, n);
    }

    private void blocks(long src, long dst, long seed, int step, int stream, long firstBlock, int n) {
        LongVector low = LongVector.broadcast(L, LOW);
        LongVector m0 = LongVector.broadcast(L, Philox.M0 & LOW);
        LongVector m1 = LongVector.broadcast(L, Philox.M1 & LOW);
        for (int i = 0; i < n; i += 4 * BLOCKS) {
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
            LongVector lower = interleave(first, second, LOWER_HALF);
            LongVector upper = interleave(first, second, UPPER_HALF);
            if (i + 4 * BLOCKS <= n) {
                drop(src + i * 4L, dst + i * 4L, lower);
                drop(src + i * 4L + Lanes.BYTES, dst + i * 4L + Lanes.BYTES, upper);
            } else {
                dropFirst(src + i * 4L, dst + i * 4L, lower, n - i);
                dropFirst(src + i * 4L + Lanes.BYTES, dst + i * 4L + Lanes.BYTES, upper, n - i - Lanes.COUNT);
            }
        }
    }

    /** Numbers 0 and 1 of each block beside its numbers 2 and 3. */
    private static LongVector interleave(LongVector first, LongVector second, VectorShuffle<Long> half) {
        return first.rearrange(half).blend(second.rearrange(half), ODD);
    }

    private void drop(long src, long dst, LongVector bits) {
        store(dst, Lanes.splat(0f).blend(load(src).div(keep), kept(bits)));
    }

    private void dropFirst(long src, long dst, LongVector bits, int count) {
        if (count > 0) {
            VectorMask<Float> there = Lanes.first(count);
            store(dst, Lanes.splat(0f).blend(load(src, there).div(keep), kept(bits)), there);
        }
    }

    private VectorMask<Float> kept(LongVector bits) {
        return bits.reinterpretAsInts()
                .lanewise(VectorOperators.LSHR, 8)
                .compare(VectorOperators.GE, threshold)
                .cast(Lanes.F);
    }
}
