package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.random.Philox;
import io.gatun.spec.DropoutSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dropout with its mask recomputed wherever it is needed: 4 B read and 4 B written an element, no mask in memory. A long
 * lane is one Philox block, so that a round's two 32 x 32 bit products are one VPMULUDQ each.
 *
 * <p>Bound by Philox and not by memory: 20 of them for the 32 numbers of 8 blocks at 512 bits, at two a cycle 10 cycles; with
 * a shift, a mask and a three-way exclusive or each, 80 instructions, at four a cycle 20 cycles, or 13 B a cycle: a quarter
 * of what L2 copies, about what memory does. Measured on Zen 5: about 40 cycles; the rounds wait for themselves.
 */
final class SimdDropout extends Elementwise {
    private static final VectorSpecies<Long> L = VectorSpecies.of(long.class, Lanes.F.vectorShape());
    private static final int BLOCKS = L.length();
    private static final long LOW = 0xFFFF_FFFFL;

    private static final LongVector IOTA = LongVector.zero(L).addIndex(1);
    // Pairs of ints and not longs: C2 has no rearrangement of two lanes, and left 3 MB a run on the heap at 128 bits.
    private static final VectorShuffle<Integer> LOWER_HALF =
            VectorShuffle.fromOp(Lanes.I, lane -> lane / 4 * 2 + lane % 2);
    private static final VectorShuffle<Integer> UPPER_HALF =
            VectorShuffle.fromOp(Lanes.I, lane -> BLOCKS + lane / 4 * 2 + lane % 2);
    private static final VectorMask<Integer> SECOND = VectorMask.fromLong(Lanes.I, 0xCCCC_CCCC_CCCC_CCCCL);

    /** Numbers of a vector of blocks, and of the two that are made together. */
    private static final int HALF = 2 * Lanes.COUNT;

    private static final int GROUP = 2 * HALF;

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

    /**
     * The random bits of n elements from Philox block {@code firstBlock}, into dst; for whole groups two vectors at a time, numbers
     * 0 and 1 of each block and then its numbers 2 and 3.
     */
    private static void numbers(long rng, long firstBlock, long dst, int n, float unused) {
        long seed = Raw.i64(rng, 0);
        int step = (int) Raw.i64(rng, 1);
        int stream = (int) Raw.i64(rng, 2);
        int whole = n - n % GROUP;
        LongVector low = LongVector.broadcast(L, LOW);
        // C2 takes VPMULUDQ where it sees both factors masked (a constant does not do), else VPMULLQ: four times the
        // cycles.
        LongVector m0 = LongVector.broadcast(L, Philox.M0 & LOW).and(low);
        LongVector m1 = LongVector.broadcast(L, Philox.M1 & LOW).and(low);
        LongVector w0 = LongVector.broadcast(L, Philox.W0 & LOW);
        LongVector w1 = LongVector.broadcast(L, Philox.W1 & LOW);
        // A round waits 8 cycles for itself; two sets of blocks keep the multipliers busier than one.
        for (int i = 0; i < whole; i += GROUP) {
            LongVector c0 = IOTA.add(firstBlock + i / 4);
            LongVector d0 = IOTA.add(firstBlock + (i + HALF) / 4);
            LongVector c1 = c0.lanewise(VectorOperators.LSHR, 32);
            LongVector d1 = d0.lanewise(VectorOperators.LSHR, 32);
            LongVector c2 = LongVector.broadcast(L, stream & LOW);
            LongVector d2 = c2;
            LongVector c3 = LongVector.broadcast(L, step & LOW);
            LongVector d3 = c3;
            LongVector k0 = LongVector.broadcast(L, seed & LOW);
            LongVector k1 = LongVector.broadcast(L, seed >>> 32);
            // Only the lower half of a lane counts; what the upper holds, the next product or the last mask ignores.
            for (int round = 0; round < Philox.ROUNDS; round++) {
                LongVector p0 = c0.and(low).mul(m0);
                LongVector q0 = d0.and(low).mul(m0);
                LongVector p1 = c2.and(low).mul(m1);
                LongVector q1 = d2.and(low).mul(m1);
                c0 = p1.lanewise(VectorOperators.LSHR, 32)
                        .lanewise(VectorOperators.XOR, c1)
                        .lanewise(VectorOperators.XOR, k0);
                d0 = q1.lanewise(VectorOperators.LSHR, 32)
                        .lanewise(VectorOperators.XOR, d1)
                        .lanewise(VectorOperators.XOR, k0);
                c2 = p0.lanewise(VectorOperators.LSHR, 32)
                        .lanewise(VectorOperators.XOR, c3)
                        .lanewise(VectorOperators.XOR, k1);
                d2 = q0.lanewise(VectorOperators.LSHR, 32)
                        .lanewise(VectorOperators.XOR, d3)
                        .lanewise(VectorOperators.XOR, k1);
                c1 = p1;
                c3 = p0;
                d1 = q1;
                d3 = q0;
                k0 = k0.add(w0);
                k1 = k1.add(w1);
            }
            long at = dst + i * 4L;
            c1.lanewise(VectorOperators.LSHL, 32).or(c0.and(low)).intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
            c3.lanewise(VectorOperators.LSHL, 32)
                    .or(c2.and(low))
                    .intoMemorySegment(Raw.MEMORY, at + Lanes.BYTES, Lanes.ORDER);
            d1.lanewise(VectorOperators.LSHL, 32)
                    .or(d0.and(low))
                    .intoMemorySegment(Raw.MEMORY, at + 2 * Lanes.BYTES, Lanes.ORDER);
            d3.lanewise(VectorOperators.LSHL, 32)
                    .or(d2.and(low))
                    .intoMemorySegment(Raw.MEMORY, at + 3 * Lanes.BYTES, Lanes.ORDER);
        }
        for (int i = whole; i < n; i++) {
            Raw.i32(dst, i, Philox.number(seed, step, stream, firstBlock + i / 4, i & 3));
        }
    }

    /** dst holds the bits and receives src / keep or 0. */
    private static void drop(long src, long threshold, long dst, int n, float keep) {
        int whole = n - n % GROUP;
        FloatVector divisor = Lanes.splat(keep);
        IntVector least = IntVector.broadcast(Lanes.I, (int) threshold);
        for (int i = 0; i < whole; i += HALF) {
            long at = dst + i * 4L;
            IntVector first = IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, at, Lanes.ORDER);
            IntVector second = IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, at + Lanes.BYTES, Lanes.ORDER);
            FloatVector x0 = load(src + i * 4L).div(divisor);
            FloatVector x1 = load(src + i * 4L + Lanes.BYTES).div(divisor);
            Lanes.splat(0f)
                    .blend(x0, kept(interleave(first, second, LOWER_HALF), least))
                    .intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
            Lanes.splat(0f)
                    .blend(x1, kept(interleave(first, second, UPPER_HALF), least))
                    .intoMemorySegment(Raw.MEMORY, at + Lanes.BYTES, Lanes.ORDER);
        }
        for (int i = whole; i < n; i++) {
            boolean kept = Raw.i32(dst, i) >>> 8 >= threshold;
            Raw.f32(dst, i, kept ? Raw.f32(src, i) / keep : 0);
        }
    }

    /** Numbers 0 and 1 of each block beside its numbers 2 and 3. */
    private static IntVector interleave(IntVector first, IntVector second, VectorShuffle<Integer> half) {
        return first.rearrange(half).blend(second.rearrange(half), SECOND);
    }

    private static VectorMask<Float> kept(IntVector bits, IntVector least) {
        return bits.lanewise(VectorOperators.LSHR, 8)
                .compare(VectorOperators.GE, least)
                .cast(Lanes.F);
    }
}
