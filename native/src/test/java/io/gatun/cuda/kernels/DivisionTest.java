package io.gatun.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.RequiresCuda;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.memory.Place;
import io.gatun.spec.CopySpec;
import io.gatun.spec.Dims;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Indices divided by a multiplication, and in 64 bits where there are too many for that. */
@RequiresCuda
class DivisionTest {
    /** As the kernels do it. */
    private static long quotient(long n, Divisor d) {
        long high = (n & 0xFFFF_FFFFL) * (d.factor() & 0xFFFF_FFFFL) >>> 32;
        return (high + n & 0xFFFF_FFFFL) >>> d.shift();
    }

    @Test
    void aMultiplicationDividesEveryIndexBelow31Bits() {
        SplittableRandom random = new SplittableRandom(11);
        long most = (1L << 31) - 1;
        for (int i = 0; i < 200_000; i++) {
            long divisor = i < 2_000 ? i + 1 : 1 + (random.nextLong(most) >>> random.nextInt(31));
            Divisor d = Divisor.of(divisor, most);
            long n = random.nextLong(most) >>> random.nextInt(31);
            long whole = n / divisor * divisor;
            for (long index : new long[] {n, whole, Math.max(0, whole - 1), most}) {
                assertThat(quotient(index, d)).as("%d / %d", index, divisor).isEqualTo(index / divisor);
            }
        }
    }

    @Test
    void moreIndicesAreDividedIn64Bits() {
        assertThat(Divisor.of(7, 1L << 31).shift()).isEqualTo(3);
        assertThat(Divisor.of(7, (1L << 31) + 1).shift()).isEqualTo(Divisor.WIDE);
        assertThat(Divisor.of((1L << 31) + 1, 5).shift()).isEqualTo(Divisor.WIDE);
    }

    /** Both kernels of a copy, told that there were more indices than there are. */
    @Test
    void bothDivisionsMoveTheSame() {
        same(new CopySpec(true, Dims.of(5, 6, 7), Dims.of(0, 9, 1), Dims.of(50, 8, 1)));
        same(new CopySpec(false, Dims.of(5, 6, 8), Dims.of(64, 8, 1), Dims.of(56, 8, 1)));
        same(new CopySpec(false, Dims.of(3, 20, 2, 17), Dims.of(1000, 1, 500, 25), Dims.of(700, 34, 17, 1)));
    }

    private static void same(CopySpec spec) {
        try (CudaContext context = CudaContext.open()) {
            StridedCopy copy = Copies.of(spec);
            byte[] narrow = run(context, spec, copy.offer(context, "cuda:copy", DType.F32));
            byte[] wide = run(context, spec, copy.offer(context, "cuda:copy", DType.F32, 1L << 40));
            assertThat(wide).isEqualTo(narrow);
        }
    }

    private static byte[] run(CudaContext context, Spec spec, Offer offer) {
        Place place = context.place();
        MemorySegment src = filled(place, spec, 0);
        MemorySegment dst = filled(place, spec, 1);
        ((CudaKernel) ((Offer.Taken) offer).kernel()).of(spec).execute(new long[] {src.address(), dst.address()});
        byte[] result = new byte[(int) dst.byteSize()];
        place.copy(dst, MemorySegment.ofArray(result));
        place.free(src);
        place.free(dst);
        return result;
    }

    private static MemorySegment filled(Place place, Spec spec, int operand) {
        float[] values = new float[(int) spec.operands().get(operand).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 1000 + operand;
        }
        place.budget().reserve(4L * values.length, "test");
        MemorySegment memory = place.allocate(4L * values.length, "test");
        place.copy(MemorySegment.ofArray(values), memory);
        return memory;
    }

    @Test
    void axesThatAreOneAreMerged() {
        assertThat(Copies.of(new CopySpec(false, Dims.of(4, 5, 6), Dims.of(30, 6, 1), Dims.of(30, 6, 1)))
                        .axes())
                .hasSize(1);
        assertThat(Copies.of(new CopySpec(false, Dims.of(4, 1, 6), Dims.of(6, 9, 1), Dims.of(12, 3, 2)))
                        .axes())
                .hasSize(1);
        assertThat(Copies.of(new CopySpec(false, Dims.of(4, 5, 6), Dims.of(60, 6, 1), Dims.of(30, 6, 1)))
                        .axes())
                .hasSize(2);
        assertThat(Copies.of(new CopySpec(false, Dims.of(4, 5), Dims.of(0, 0), Dims.of(5, 1)))
                        .axes())
                .hasSize(1);
    }
}
