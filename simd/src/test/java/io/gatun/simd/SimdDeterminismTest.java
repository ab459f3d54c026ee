package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The matrix kernels and batch norm: one checksum for all vector widths (the build runs this at three) and thread counts; no garbage. */
@Tag("widths")
class SimdDeterminismTest {
    /** Several blocks of k, edges of every tile, dot products, strides, groups, chunks. */
    private static final String[] LINES = {
        "gemm f32 bias m=37 n=83 k=900 act=tanh",
        "gemm f32 ta tb m=130 n=300 k=401 alpha=0.7 beta=1.0",
        "gemm f32 m=301 n=427 k=1100 beta=1.0",
        "gemm f32 bias m=258 n=300 k=130 act=relu",
        "gemm f32 tb bias m=70 n=140 k=530 alpha=0.7 act=gelu batch=3",
        "gemm f32 m=65 n=3 k=1001",
        "gemm f32 tb m=2 n=90 k=333 batch=2",
        "conv f32 forward bias n=3 h=13 w=11 ic=17 oc=35 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 act=sigmoid",
        "conv f32 backward_data n=2 h=13 w=11 ic=17 oc=35 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
        "conv f32 backward_weights bias n=5 h=13 w=11 ic=8 oc=40 kh=3 kw=3 sh=2 sw=1 ph=1 pw=1 g=2",
        "conv f32 forward n=1 h=6 w=6 ic=200 oc=20 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1",
        "gemm f32 bias m=3 n=1100 k=37",
        "gemm f32 ta m=70 n=1 k=133",
        "conv f32 forward bias n=3 h=13 w=21 ic=37 oc=37 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 g=37",
        "conv f32 backward_data n=2 h=13 w=21 ic=37 oc=37 kh=5 kw=3 sh=2 sw=2 ph=2 pw=1 g=37",
        "conv f32 backward_weights bias n=5 h=13 w=21 ic=37 oc=37 kh=5 kw=3 sh=1 sw=2 ph=2 pw=1 g=37",
        "lstm f32 inference t=5 b=6 i=19 h=33",
        "conv f32 forward bias n=5 h=11 w=13 ic=48 oc=32 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 act=relu",
        "conv f32 backward_data n=9 h=8 w=8 ic=16 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1",
        "conv f32 backward_weights n=9 h=9 w=8 ic=32 oc=48 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1",
        "conv f32 backward_weights bias n=3 h=7 w=9 ic=256 oc=128 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
        "gemm f32 tb bias m=70 n=10 k=341",
        "gemm f32 tb m=13 n=300 k=517",
        "batchnorm f32 training residual relu rows=9001 c=16",
        "batchnorm f32 backward residual relu rows=9001 c=16",
        "batchnorm f32 training relu rows=3001 c=72",
        "batchnorm f32 backward relu rows=3001 c=72",
    };

    /** Measured once at 512 bits; a change of the order of summation changes it, and must be meant. */
    private static final long CHECKSUM = 737_051_553L;

    @Test
    void oneChecksumForAllWidthsAndThreads() {
        for (int threads : new int[] {1, 2, 3, 7}) {
            CRC32C sum = new CRC32C();
            try (Kernels kernels = Kernels.open("simd", threads);
                    Arena arena = Arena.ofConfined()) {
                for (String line : LINES) {
                    Plan plan = kernels.plan(Spec.parse(line));
                    MemorySegment[] segments = operands(plan, arena);
                    plan.run(segments);
                    for (int i = 0; i < segments.length; i++) {
                        if (plan.operands().get(i).written()) {
                            sum.update(segments[i].asByteBuffer());
                        }
                    }
                }
            }
            assertThat(sum.getValue()).as("%d threads", threads).isEqualTo(CHECKSUM);
        }
    }

    @Test
    void aRunAllocatesNothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        String[] lines = {
            "gemm f32 m=40 n=70 k=64",
            "conv f32 forward n=2 h=8 w=8 ic=16 oc=16 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1",
            "conv f32 backward_weights n=2 h=8 w=8 ic=16 oc=16 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1",
        };
        try (Kernels kernels = Kernels.open("simd", 1);
                Arena arena = Arena.ofConfined()) {
            for (String line : lines) {
                Plan plan = kernels.plan(Spec.parse(line));
                MemorySegment[] s = operands(plan, arena);
                long least = Long.MAX_VALUE;
                // Until C2 has compiled all of it, lanes are objects.
                long deadline = System.nanoTime() + 60_000_000_000L;
                while (least > 0 && System.nanoTime() < deadline) {
                    for (int i = 0; i < 200; i++) {
                        plan.run(s[0], s[1], s[2]);
                    }
                    long before = threads.getCurrentThreadAllocatedBytes();
                    plan.run(s[0], s[1], s[2]);
                    least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                }
                assertThat(least).as(line).isZero();
            }
        }
    }

    private static MemorySegment[] operands(Plan plan, Arena arena) {
        Random random = new Random(7);
        MemorySegment[] segments = new MemorySegment[plan.operands().size()];
        for (int i = 0; i < segments.length; i++) {
            long count = plan.operands().get(i).elements();
            segments[i] = arena.allocate(Math.max(4, 4 * count), 64);
            for (long j = 0; j < count; j++) {
                segments[i].setAtIndex(ValueLayout.JAVA_FLOAT, j, random.nextFloat() * 2 - 1);
            }
        }
        return segments;
    }
}
