package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A NaN, and infinities of both signs, in every pixel in turn: windows share rows whose maxima are kept. */
class SimdPoolTest {
    private static final float[] SPECIAL = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f};

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pool f32 forward max n=1 h=7 w=8 c=33 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "pool f32 forward max n=1 h=8 w=7 c=16 kh=3 kw=2 sh=2 sw=1 ph=0 pw=0",
                "pool f32 forward max n=1 h=6 w=6 c=33 kh=2 kw=2"
            })
    void theReferencesBitsWhereverASpecialValueIs(String line) {
        try (Arena arena = Arena.ofConfined();
                Kernels simd = Kernels.open("simd", 2);
                Kernels reference = Kernels.open("reference", 1)) {
            Plan plan = simd.plan(Spec.parse(line));
            Plan expected = reference.plan(plan.spec());
            MemorySegment[] ours = buffers(plan, arena);
            MemorySegment[] theirs = buffers(plan, arena);
            Random random = new Random(5);
            long count = plan.operands().getFirst().elements();
            for (long i = 0; i < count; i++) {
                // Few different values: ties, and zeros of both signs.
                ours[0].setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextInt(-3, 1) * 0.5f);
            }
            int next = 0;
            for (long i = 0; i < count; i += 11) {
                float before = ours[0].getAtIndex(ValueLayout.JAVA_FLOAT, i);
                long opposite = (i + count / 2) % count;
                float far = ours[0].getAtIndex(ValueLayout.JAVA_FLOAT, opposite);
                ours[0].setAtIndex(ValueLayout.JAVA_FLOAT, i, SPECIAL[next++ % SPECIAL.length]);
                ours[0].setAtIndex(ValueLayout.JAVA_FLOAT, opposite, Float.NEGATIVE_INFINITY);
                plan.run(ours);
                theirs[0].copyFrom(ours[0]);
                expected.run(theirs);
                for (int k = 1; k < ours.length; k++) {
                    assertThat(ours[k].mismatch(theirs[k]))
                            .as(
                                    "%s of %s with a special value at %d",
                                    plan.operands().get(k).name(), line, i)
                            .isEqualTo(-1);
                }
                ours[0].setAtIndex(ValueLayout.JAVA_FLOAT, opposite, far);
                ours[0].setAtIndex(ValueLayout.JAVA_FLOAT, i, before);
            }
        }
    }

    private static MemorySegment[] buffers(Plan plan, Arena arena) {
        return plan.operands().stream()
                .map(operand -> arena.allocate(operand.bytes(), 64))
                .toArray(MemorySegment[]::new);
    }
}
