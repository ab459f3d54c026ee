package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.ConvSpec.Direction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SimdConvTest {
    private static final Kernels KERNELS = Kernels.open("simd", 3);

    @AfterAll
    static void close() {
        KERNELS.close();
    }

    @Test
    @Tag("heavy")
    void shapesOfNets() {
        Random random = new Random(1);
        all(ConvSpec.of(2, 32, 32, 3, 16, 3, 1, 1), random);
        all(ConvSpec.of(3, 32, 32, 16, 16, 3, 1, 1), random);
        all(ConvSpec.of(3, 17, 19, 16, 32, 3, 2, 1), random);
        all(ConvSpec.of(5, 8, 8, 64, 64, 3, 1, 1), random);
        all(ConvSpec.of(3, 8, 8, 32, 64, 1, 2, 0), random);
        all(ConvSpec.of(3, 9, 9, 32, 48, 1, 1, 0), random);
        all(ConvSpec.of(1, 33, 33, 3, 16, 7, 2, 3), random);
        all(ConvSpec.of(1, 5, 5, 130, 70, 3, 1, 1), random);
        all(ConvSpec.of(1, 70, 40, 20, 7, 3, 1, 1), random);
        all(ConvSpec.of(2, 7, 9, 256, 128, 3, 2, 1).withBias(), random);
        all(ConvSpec.of(13, 7, 7, 128, 256, 3, 2, 1).withBias(), random);
        all(ConvSpec.of(3, 6, 5, 256, 1024, 1, 1, 0), random);
    }

    @Test
    void anyShape() {
        Random random = new Random(2);
        for (int i = 0; i < 150; i++) {
            int groups = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 1;
            ConvSpec s = new ConvSpec(
                    Direction.FORWARD,
                    1 + random.nextInt(3),
                    1 + random.nextInt(14),
                    1 + random.nextInt(14),
                    groups * (1 + random.nextInt(20)),
                    groups * (1 + random.nextInt(40)),
                    1 + random.nextInt(4),
                    1 + random.nextInt(4),
                    1 + random.nextInt(3),
                    1 + random.nextInt(3),
                    1 + random.nextInt(2),
                    1 + random.nextInt(2),
                    random.nextInt(3),
                    random.nextInt(3),
                    random.nextInt(3),
                    random.nextInt(3),
                    groups,
                    random.nextBoolean(),
                    random.nextInt(3) == 0 ? Activation.RELU : Activation.IDENTITY);
            all(s, random);
        }
    }

    @Test
    void depthwise() {
        Random random = new Random(3);
        all(ConvSpec.of(2, 9, 11, 5, 5, 3, 1, 1).withGroups(5), random);
        all(ConvSpec.of(2, 14, 14, 40, 40, 3, 2, 1).withGroups(40).withBias(), random);
        all(ConvSpec.of(1, 9, 9, 70, 70, 5, 1, 2).withGroups(70).withDilation(2, 1), random);
        all(ConvSpec.of(1, 9, 9, 6, 12, 3, 1, 1).withGroups(6), random);
    }

    private static void all(ConvSpec spec, Random random) {
        for (Direction direction : Direction.values()) {
            check(spec.with(direction), random);
        }
    }

    /** Integers, so that every sum is exact: tolerance 0. */
    private static void check(ConvSpec spec, Random random) {
        try (Arena arena = Arena.ofConfined()) {
            Plan plan = KERNELS.plan(spec);
            MemorySegment[] segments = new MemorySegment[plan.operands().size()];
            for (int i = 0; i < segments.length; i++) {
                long count = plan.operands().get(i).elements();
                segments[i] = arena.allocate(Math.max(4, 4 * count), 4);
                for (long j = 0; j < count; j++) {
                    boolean written = plan.operands().get(i).written();
                    Raw.f32(segments[i].address(), j, written ? Float.NaN : random.nextInt(9) - 4);
                }
            }
            double[][] want = Oracle64.conv(spec, segments[0].address(), segments[1].address(), segments[2].address());
            plan.run(segments);
            int first = spec.direction() == Direction.BACKWARD_WEIGHTS ? 2 : segments.length - 1;
            for (int o = 0; o < want.length && first + o < segments.length; o++) {
                for (int i = 0; i < want[o].length; i++) {
                    assertThat(Raw.f32(segments[first + o].address(), i) + 0.0)
                            .as("%s output %d element %d", spec, o, i)
                            .isEqualTo(want[o][i] + 0.0);
                }
            }
        }
    }
}
