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
import jdk.incubator.vector.VectorSpecies;

/**
 * Dropout with its mask recomputed wherever it is needed: 4 B read and 4 B written an element, no mask in memory. A long
 * lane is one Philox block, so that a round's two 32 x 32 bit products are one VPMULUDQ each.
 *
 * <p>Bound by Philox before memory: a round of 8 blocks is 10 instructions (2 products, 2 shifts, 2 three-way exclusive ors,
 * 2 masks without which C2 does not find VPMULUDQ, 2 key additions shared by two sets), ten rounds with their ends 95. With
 * 32 bits an element that is 48 a vector of 16, with 16 bits 24, where memory takes 15 cycles at four instructions each.
 */
final class SimdDropout extends Elementwise {
    private static final VectorSpecies<Long> L = VectorSpecies.of(long.class, Lanes.F.vectorShape());
    private static final int BLOCKS = L.length();
    private static final long LOW = 0xFFFF_FFFFL;

    private static final LongVector IOTA = LongVector.zero(L).addIndex(1);

    /** Elements of 8 blocks, for which {@link Philox#half} says where each finds its bits. */
    private static final int GROUP = 64;

    /** Elements whose random bits lie in the second half of dst, in L1, until src is looked at. */
    private static final int BLOCK = 2048;

    private static final VectorLoop NUMBERS = new VectorLoop(MethodHandles.lookup(), "numbers");
    private static final VectorLoop DROP = new VectorLoop(MethodHandles.lookup(), "drop");

    private final int threshold;
    private final float scale;

    private SimdDropout(DropoutSpec spec, Workers workers) {
        super(spec.count(), workers);
        this.threshold = spec.threshold();
        this.scale = spec.scale();
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
        int whole = threshold < 1 << 16 ? n - n % GROUP : 0;
        for (int at = 0; at < whole; at += BLOCK) {
            int block = Math.min(BLOCK, whole - at);
            long src = frame[0] + (from + at) * 4;
            long dst = frame[2] + (from + at) * 4;
            NUMBERS.run(frame[1], (from + at) / 8, dst + block / 2 * 4L, block / 8, 0);
            DROP.run(src, (long) threshold << 16, dst, block, scale);
        }
        long seed = Raw.i64(frame[1], 0);
        int step = (int) Raw.i64(frame[1], 1);
        int stream = (int) Raw.i64(frame[1], 2);
        for (long i = from + whole; i < from + n; i++) {
            boolean kept = threshold < 1 << 16 && Philox.half(seed, step, stream, i) >= threshold;
            Raw.f32(frame[2], i, kept ? Raw.f32(frame[0], i) * scale : 0);
        }
    }

    /**
     * Of {@code n} Philox blocks, a multiple of 8, from {@code firstBlock} on: numbers 0 and 1 of 8 blocks, then their numbers 2
     * and 3.
     */
    private static void numbers(long rng, long firstBlock, long dst, int n, float unused) {
        long seed = Raw.i64(rng, 0);
        int step = (int) Raw.i64(rng, 1);
        int stream = (int) Raw.i64(rng, 2);
        // C2 takes VPMULUDQ, not VPMULLQ of four times the cycles, where it sees both factors shifted down. It sees
        // masks
        // too, but not those that it has merged into a VPTERNLOG before. So words 0 and 2 are kept in the upper halves
        // of
        // lanes, where products bring them; what the lower halves hold is shifted out.
        LongVector m0 = LongVector.broadcast(L, (long) Philox.M0 << 32).lanewise(VectorOperators.LSHR, 32);
        LongVector m1 = LongVector.broadcast(L, (long) Philox.M1 << 32).lanewise(VectorOperators.LSHR, 32);
        LongVector w0 = LongVector.broadcast(L, (long) Philox.W0 << 32);
        LongVector w1 = LongVector.broadcast(L, (long) Philox.W1 << 32);
        for (int i = 0; i < n; i += BLOCKS) {
            LongVector block = IOTA.add(firstBlock + i);
            LongVector c0 = block.lanewise(VectorOperators.LSHL, 32);
            LongVector p1 = block.lanewise(VectorOperators.LSHR, 32);
            LongVector c2 = LongVector.broadcast(L, (long) stream << 32);
            LongVector p0 = LongVector.broadcast(L, step & LOW);
            LongVector k0 = LongVector.broadcast(L, seed << 32);
            LongVector k1 = LongVector.broadcast(L, seed & ~LOW);
            // Two rounds, so that nothing changes its register; p0 and p1 hold words 3 and 1 in their lower halves.
            for (int round = 0; round < Philox.ROUNDS; round += 2) {
                LongVector q0 = c0.lanewise(VectorOperators.LSHR, 32).mul(m0);
                LongVector q1 = c2.lanewise(VectorOperators.LSHR, 32).mul(m1);
                c0 = mixed(q1, p1, k0);
                c2 = mixed(q0, p0, k1);
                k0 = k0.add(w0);
                k1 = k1.add(w1);
                p0 = c0.lanewise(VectorOperators.LSHR, 32).mul(m0);
                p1 = c2.lanewise(VectorOperators.LSHR, 32).mul(m1);
                c0 = mixed(p1, q1, k0);
                c2 = mixed(p0, q0, k1);
                k0 = k0.add(w0);
                k1 = k1.add(w1);
            }
            long at = dst + place(i);
            c0.lanewise(VectorOperators.LSHR, 32)
                    .or(p1.lanewise(VectorOperators.LSHL, 32))
                    .intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
            c2.lanewise(VectorOperators.LSHR, 32)
                    .or(p0.lanewise(VectorOperators.LSHL, 32))
                    .intoMemorySegment(Raw.MEMORY, at + 64, Lanes.ORDER);
        }
    }

    /** In the upper halves: high word of a product, low word of one a round before, key. */
    private static LongVector mixed(LongVector product, LongVector before, LongVector key) {
        return before.lanewise(VectorOperators.LSHL, 32)
                .lanewise(VectorOperators.XOR, product)
                .lanewise(VectorOperators.XOR, key);
    }

    /** Bytes before numbers 0 and 1 of a block: 8 blocks' numbers 0 and 1, 64 B, then their numbers 2 and 3. */
    private static long place(int block) {
        return (block / 8) * 128L + block % 8 * 8;
    }

    /**
     * n elements; the upper half of dst holds 16 numbers for each 32 of them, and is overtaken by the results only when it has
     * been read.
     */
    private static void drop(long src, long threshold, long dst, int n, float scale) {
        FloatVector zero = Lanes.splat(0f);
        FloatVector factor = Lanes.splat(scale);
        IntVector least = IntVector.broadcast(Lanes.I, (int) threshold);
        long bits = dst + n / 2 * 4L;
        for (int i = 0; i < n / 2; i += Lanes.COUNT) {
            IntVector high = IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, bits + i * 4L, Lanes.ORDER);
            long at = (i / 16 * 32 + i % 16) * 4L;
            FloatVector x0 = load(src + at).mul(factor);
            FloatVector x1 = load(src + at + 64).mul(factor);
            zero.blend(x0, kept(high.lanewise(VectorOperators.LSHL, 16), least))
                    .intoMemorySegment(Raw.MEMORY, dst + at, Lanes.ORDER);
            zero.blend(x1, kept(high, least)).intoMemorySegment(Raw.MEMORY, dst + at + 64, Lanes.ORDER);
        }
    }

    /** Whether the upper 16 bits are not below those of {@code least}. */
    private static VectorMask<Float> kept(IntVector bits, IntVector least) {
        return bits.compare(VectorOperators.UGE, least).cast(Lanes.F);
    }
}
