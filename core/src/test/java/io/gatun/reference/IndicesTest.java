package io.gatun.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.PaddingMaskSpec;
import io.gatun.spec.RowNumbersSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Numbers that name a place are checked before anything is written. */
class IndicesTest {
    @Test
    void anIndexOrALengthThatIsOutOfRangeIsNamedAndNothingWritten() {
        try (Kernels kernels = Kernels.open("reference", 1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(60, 8).fill((byte) 7);
            refuses(
                    kernels.plan(new RowNumbersSpec(5, 3, 3, 2)),
                    arena,
                    result,
                    "index 2 is -1, not within 0 and 4",
                    4,
                    0,
                    -1);
            refuses(
                    kernels.plan(new RowNumbersSpec(5, 3, 3, 2)),
                    arena,
                    result,
                    "index 0 is 5, not within 0 and 4",
                    5,
                    0,
                    1);
            refuses(kernels.plan(new PaddingMaskSpec(3, 5)), arena, result, "the length of sequence 1 is 0", 5, 0, 1);
            refuses(kernels.plan(new PaddingMaskSpec(3, 5)), arena, result, "the length of sequence 2 is 6", 5, 1, 6);
        }
    }

    private static void refuses(Plan plan, Arena arena, MemorySegment result, String what, int... given) {
        MemorySegment numbers = arena.allocateFrom(ValueLayout.JAVA_INT, given);
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> plan.run(numbers, result))
                .withMessageContaining(what);
        assertThat(result.toArray(ValueLayout.JAVA_BYTE)).containsOnly((byte) 7);
    }
}
