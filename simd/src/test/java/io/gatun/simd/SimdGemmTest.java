package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SimdGemmTest {
    private static final Kernels KERNELS = Kernels.open("simd", 3);

    @AfterAll
    static void close() {
        KERNELS.close();
    }

    @Test
    void everySizeInExactMode() {
        int[] sizes = {1, 2, 3, 5, 7, 16, 17, 33, 48, 65, 127};
        Random random = new Random(1);
        for (int m : sizes) {
            for (int n : sizes) {
                int k = sizes[random.nextInt(sizes.length)];
                check(GemmSpec.of(m, n, k, random.nextBoolean(), random.nextBoolean()), true, random);
            }
        }
    }

    @Test
    void largeOnesWithSeveralBlocksOfK() {
        Random random = new Random(2);
        for (int k : new int[] {383, 385, 800, 1025}) {
            for (int t = 0; t < 4; t++) {
                check(GemmSpec.of(100, 300, k, (t & 1) != 0, (t & 2) != 0), false, random);
                check(GemmSpec.of(3, 70, k, (t & 1) != 0, (t & 2) != 0), false, random);
                check(GemmSpec.of(70, 2, k, (t & 1) != 0, (t & 2) != 0), false, random);
            }
        }
    }

    @Test
    void scalesBiasActivationStridesAndBatches() {
        Random random = new Random(3);
        Activation[] activations = {
            Activation.IDENTITY, Activation.RELU, Activation.leakyRelu(0.1f), Activation.SIGMOID, Activation.TANH
        };
        float[] scales = {0, 1, -0.5f};
        for (int i = 0; i < 120; i++) {
            int m = 1 + random.nextInt(70);
            int n = 1 + random.nextInt(140);
            int k = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(120);
            boolean ta = random.nextBoolean();
            boolean tb = random.nextBoolean();
            int batch = 1 + random.nextInt(3);
            GemmSpec s = GemmSpec.batched(batch, m, n, k, ta, tb)
                    .scaled(scales[random.nextInt(3)], scales[random.nextInt(3)])
                    .withActivation(activations[random.nextInt(5)]);
            if (random.nextBoolean()) {
                s = s.withRowStrides(s.lda() + random.nextInt(9), s.ldb() + random.nextInt(9), n + random.nextInt(9));
            }
            if (random.nextInt(3) == 0) {
                s = s.withBatchStrides(random.nextBoolean() ? 0 : s.strideA(), 0, s.strideC() + 3);
            }
            check(random.nextBoolean() ? s.withBias() : s, false, random);
        }
    }

    /** B in place and packed, every edge, one block of k and several, more and fewer pieces than threads. */
    @Test
    void panelsOfPiecesThatPack() {
        Random random = new Random(5);
        int[][] shapes = {
            {256, 256, 256}, {49, 300, 530}, {57, 33, 600}, {300, 100, 300}, {131, 290, 1030}, {150, 160, 97}
        };
        Activation[] activations = {Activation.IDENTITY, Activation.RELU, Activation.TANH};
        float[][] scales = {{1, 0}, {1, 1}, {1, 0}, {-0.5f, 2}};
        for (int[] shape : shapes) {
            for (int i = 0; i < 8; i++) {
                boolean transB = i % 2 != 0;
                GemmSpec s = GemmSpec.batched(1 + i / 6, shape[0], shape[1], shape[2], false, transB)
                        .scaled(scales[i % 4][0], scales[i % 4][1])
                        .withActivation(activations[i % 3]);
                if (i > 3) {
                    s = s.withRowStrides(s.lda() + 3, s.ldb() + 1, s.ldc() + 2);
                }
                s = i / 2 % 2 == 0 ? s : s.withBias();
                if (Lanes.REGISTERS == 32 && shape[1] >= 2 * Lanes.COUNT) {
                    assertThat(KERNELS.plan(s).implementation()).startsWith("simd:gemm panels 8x");
                }
                boolean exact = s.activation() == Activation.IDENTITY && s.alpha() == 1;
                check(s, exact, random);
            }
        }
    }

    @Test
    void nothingToDo() {
        Random random = new Random(4);
        check(GemmSpec.of(0, 5, 5), true, random);
        check(GemmSpec.of(5, 0, 5), true, random);
        check(GemmSpec.batched(0, 5, 5, 5, false, false), true, random);
        check(GemmSpec.of(5, 5, 0).scaled(1, 2).withBias(), true, random);
    }

    private static void check(GemmSpec spec, boolean exact, Random random) {
        try (Arena arena = Arena.ofConfined()) {
            Plan plan = KERNELS.plan(spec);
            MemorySegment[] segments = new MemorySegment[plan.operands().size()];
            for (int i = 0; i < segments.length; i++) {
                long count = plan.operands().get(i).elements();
                segments[i] = arena.allocate(Math.max(4, 4 * count), 4);
                for (long j = 0; j < count; j++) {
                    float x = exact ? random.nextInt(15) - 7 : random.nextFloat() * 2 - 1;
                    boolean written = i == segments.length - 1;
                    Raw.f32(segments[i].address(), j, written && spec.beta() == 0 ? Float.NaN : x);
                }
            }
            long c = segments[segments.length - 1].address();
            long bias = spec.bias() ? segments[2].address() : 0;
            Oracle64 want = Oracle64.gemm(spec, segments[0].address(), segments[1].address(), bias, c);
            plan.run(segments);
            for (int i = 0; i < want.value.length; i++) {
                if (Double.isNaN(want.value[i])) {
                    continue;
                }
                double tolerance = exact ? 0 : 16 * 0x1p-24 * want.size[i] + 0x1p-22 * Math.abs(want.value[i]) + 1e-30;
                assertThat(Math.abs(Raw.f32(c, i) - want.value[i]))
                        .as("%s element %d: %s, want %s", spec, i, Raw.f32(c, i), want.value[i])
                        .isLessThanOrEqualTo(tolerance);
            }
        }
    }
}
